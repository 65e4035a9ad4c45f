// list-sessions: the user's session inits, from the session files in XDG_RUNTIME_DIR. Asks no daemon.
#include "clients/base/connection.hpp"
#include "clients/initctl/command/command.hpp"

#include "protocol/names.hpp"

#include <nlohmann/json.hpp>

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <format>
#include <fstream>

namespace upstart::client {

namespace {

struct Session {
  pid_t pid = 0;
  std::string address;
};

std::optional<pid_t> pid_of(const std::filesystem::path& file) {
  std::string stem = file.stem();
  pid_t pid = 0;
  auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), pid);
  if (error != std::errc{} || end != stem.data() + stem.size() || pid <= 0) return std::nullopt;
  return pid;
}

bool is_alive(pid_t pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }

// The process may have ended and another have its number now.
std::optional<Session> still_there(Session session) {
  return is_listening(session.address) ? std::optional{std::move(session)} : std::nullopt;
}

// What the file PID.session tells; nothing for other files and for sessions that have ended.
std::optional<Session> read_session(const std::filesystem::path& file) {
  constexpr std::string_view key = "UPSTART_SESSION=";
  if (file.extension() != protocol::run_directory::session_file_suffix) return std::nullopt;
  auto pid = pid_of(file);
  if (!pid || !is_alive(*pid)) return std::nullopt;
  std::ifstream stream{file};
  std::string line;
  while (std::getline(stream, line))
    if (line.starts_with(key)) return still_there({*pid, line.substr(key.size())});
  return std::nullopt;
}

std::vector<Session> sessions_in(const std::filesystem::path& directory) {
  std::vector<Session> sessions;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{directory, none})
    if (auto session = read_session(entry.path())) sessions.push_back(*session);
  std::ranges::sort(sessions, {}, &Session::pid);
  return sessions;
}

Outcome list_sessions(Call& call) {
  auto run = call.variable("XDG_RUNTIME_DIR");
  if (!run || run->empty())
    return std::unexpected{Failure{.message = "Unable to query session directory",
                                   .hint = "XDG_RUNTIME_DIR is not set: below it are the sessions of its user"}};
  Json document = Json::array();
  for (const auto& session : sessions_in(std::filesystem::path{*run} / protocol::run_directory::session_files)) {
    document.push_back({{"pid", session.pid}, {"address", session.address}});
    if (!call.wants_json()) call.print(std::format("{} {}\n", session.pid, session.address));
  }
  if (call.wants_json()) call.print_json(document);
  return 0;
}

} // namespace

std::vector<Command> session_commands() {
  return {
      {.name = "list-sessions",
       .group = other_group,
       .summary = "List the user's session inits.",
       .synopsis = "",
       .about = "Prints process id and address of each; the address is what UPSTART_SESSION holds inside the session.",
       .missing = "",
       .options = {},
       .run = list_sessions,
       .daemon = Daemon::not_needed}};
}

} // namespace upstart::client
