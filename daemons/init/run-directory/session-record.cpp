#include "daemons/init/run-directory/session-record.hpp"

#include "daemons/base/processes/process-stat.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <ranges>

namespace upstart::init {

namespace {

namespace fs = std::filesystem;

constexpr const char* file_name = "/session";

std::string content_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::string escaped(std::string_view value) {
  std::string result;
  for (char byte : value)
    if (byte == '\n') result += "\\n";
    else if (byte == '\\') result += "\\\\";
    else result += byte;
  return result;
}

std::string unescaped(std::string_view value) {
  std::string result;
  for (std::size_t i = 0; i < value.size(); ++i) {
    bool escape = value[i] == '\\' && i + 1 < value.size();
    if (escape) ++i;
    result += escape && value[i] == 'n' ? '\n' : value[i];
  }
  return result;
}

template <typename Number> Number number(std::string_view text) {
  Number result{};
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

} // namespace

SessionRecord SessionRecord::of_this_process(std::vector<std::string> configuration) {
  auto stat = base::process_stat(::getpid());
  std::error_code error;
  auto boot = content_of("/proc/sys/kernel/random/boot_id");
  return {.pid = ::getpid(),
          .start_ticks = stat ? stat->start_ticks : 0,
          .boot = boot.substr(0, boot.find('\n')) + " " + fs::read_symlink("/proc/self/ns/pid", error).string(),
          .address = {},
          .configuration = std::move(configuration)};
}

std::string to_text(const SessionRecord& record) {
  auto text = std::format("pid {}\nstart {}\nboot {}\naddress {}\n", record.pid, record.start_ticks, record.boot,
                          escaped(record.address));
  for (const auto& directory : record.configuration) text += "configuration " + escaped(directory) + "\n";
  return text;
}

std::optional<SessionRecord> parse_record(std::string_view text) {
  SessionRecord result;
  for (auto part : std::views::split(text, '\n')) {
    std::string_view line{part};
    auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    auto key = line.substr(0, space);
    auto value = line.substr(space + 1);
    if (key == "pid") result.pid = number<pid_t>(value);
    else if (key == "start") result.start_ticks = number<std::uint64_t>(value);
    else if (key == "boot") result.boot = value;
    else if (key == "address") result.address = unescaped(value);
    else if (key == "configuration") result.configuration.push_back(unescaped(value));
  }
  if (result.pid <= 0) return std::nullopt;
  return result;
}

std::optional<SessionRecord> SessionRecord::read(const std::string& run_directory) {
  return parse_record(content_of(run_directory + file_name));
}

std::expected<void, std::string> SessionRecord::write(const std::string& run_directory) const {
  auto path = run_directory + file_name;
  auto draft = path + ".new";
  std::ofstream file{draft, std::ios::trunc | std::ios::binary};
  file << to_text(*this);
  file.close();
  if (!file || std::rename(draft.c_str(), path.c_str()) < 0)
    return std::unexpected("unable to write " + path + ": " + std::strerror(errno));
  return {};
}

} // namespace upstart::init
