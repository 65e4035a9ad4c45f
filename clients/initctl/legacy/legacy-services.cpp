#include "clients/initctl/legacy/legacy-services.hpp"

#include "clients/base/upstart.hpp"
#include "clients/initctl/legacy/script-process.hpp"
#include "protocol/names.hpp"

#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <iterator>
#include <optional>

namespace upstart::client {

namespace {

namespace fs = std::filesystem;

// Of System V itself.
constexpr std::array<std::string_view, 9> not_services{"rc",     "rcS",  "rc.sysinit", "functions", "skeleton",
                                                       "single", "halt", "reboot",     "README"};

bool may_be_a_service(const std::string& name) {
  return !name.empty() && name[0] != '.' && !name.contains('/') && !name.ends_with('~') && !name.ends_with(".bak") &&
         !name.contains(".dpkg-") && !name.contains(".rpm") && !std::ranges::contains(not_services, name);
}

bool is_executable_file(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error) || ::access(path.c_str(), X_OK) < 0) return false;
  return fs::read_symlink(path, error).filename() != "upstart-job";
}

bool knows_status(const std::string& script) {
  std::ifstream file{script, std::ios::binary};
  return std::string{std::istreambuf_iterator{file}, {}}.contains("status");
}

using Asked = std::optional<ScriptProcess>; // nothing: it cannot be asked

Asked ask(const LegacyService& service) {
  if (!knows_status(service.script)) return std::nullopt;
  auto process = ScriptProcess::start(service.script, "status", {}, ScriptProcess::Streams::none);
  if (!process) return std::nullopt;
  return std::move(*process);
}

LegacyState answer(Asked& asked) {
  constexpr std::chrono::seconds bound{5};
  if (!asked) return LegacyState::unknown;
  auto status = asked->wait_for(bound);
  if (!status || !WIFEXITED(*status)) return LegacyState::unknown;
  int code = WEXITSTATUS(*status);
  if (code == 0) return LegacyState::running;
  return code <= 3 ? LegacyState::stopped : LegacyState::unknown; // as the LSB has it
}

std::string_view goal_and_state(LegacyState state) {
  switch (state) {
  case LegacyState::running: return "start/running";
  case LegacyState::stopped: return "stop/waiting";
  case LegacyState::unknown: break;
  }
  return "unknown";
}

} // namespace

std::optional<LegacyServices> LegacyServices::of(const Call& call) {
  if (auto directory = call.variable("UPSTART_INIT_D")) return LegacyServices{*directory};
  const auto& target = call.upstart->connection().target();
  if (target.kind != Target::Kind::system_bus && target.address != protocol::address::system) return std::nullopt;
  return LegacyServices{"/etc/init.d"};
}

std::optional<LegacyService> LegacyServices::find(const std::string& name) const {
  auto script = directory_ + "/" + name;
  if (!may_be_a_service(name) || !is_executable_file(script)) return std::nullopt;
  return LegacyService{name, script};
}

std::vector<LegacyService> LegacyServices::all() const {
  std::vector<LegacyService> services;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{directory_, error})
    if (auto service = find(entry.path().filename())) services.push_back(std::move(*service));
  std::ranges::sort(services, {}, &LegacyService::name);
  return services;
}

LegacyState state_of(const LegacyService& service) {
  auto asked = ask(service);
  return answer(asked);
}

std::vector<LegacyState> states_of(const std::vector<LegacyService>& services) {
  constexpr std::size_t at_a_time = 8;
  std::vector<LegacyState> states;
  for (std::size_t begin = 0; begin < services.size(); begin += at_a_time) {
    std::vector<Asked> asked;
    for (auto i = begin; i < std::min(begin + at_a_time, services.size()); ++i) asked.push_back(ask(services[i]));
    for (auto& each : asked) states.push_back(answer(each));
  }
  return states;
}

std::expected<void, std::string> run_script(const LegacyService& service, const std::string& argument,
                                            const std::vector<std::string>& variables) {
  auto failed = [&](const std::string& how) {
    return std::unexpected{std::format("System V script {} {}: {}", service.script, argument, how)};
  };
  auto process = ScriptProcess::start(service.script, argument, variables, ScriptProcess::Streams::of_this_process);
  if (!process) return failed(std::strerror(process.error()));
  int status = process->wait();
  if (WIFSIGNALED(status)) return failed(std::format("killed by signal {}", WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return failed(std::format("exit status {}", WEXITSTATUS(status)));
  return {};
}

std::string to_text(const LegacyService& service, LegacyState state) {
  return std::format("{} {}, System V script {}\n", service.name, goal_and_state(state), service.script);
}

Json to_json(const LegacyService& service, LegacyState state) {
  Json document{{"job", service.name}, {"instance", nullptr},        {"goal", nullptr},
                {"state", "unknown"},  {"processes", Json::array()}, {"system_v_script", service.script}};
  auto text = goal_and_state(state);
  if (auto slash = text.find('/'); slash != std::string_view::npos) {
    document["goal"] = text.substr(0, slash);
    document["state"] = text.substr(slash + 1);
  }
  return document;
}

} // namespace upstart::client
