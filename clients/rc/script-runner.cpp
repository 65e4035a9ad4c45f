#include "clients/rc/script-runner.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <expected>
#include <format>
#include <map>
#include <utility>

namespace upstart::client {

namespace {

std::expected<pid_t, int> spawn(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  if (int error = ::posix_spawn(&pid, arguments[0], nullptr, nullptr, arguments.data(), environ); error != 0)
    return std::unexpected{error};
  return pid;
}

std::expected<pid_t, int> spawn_script(const ScriptCall& script) {
  auto pid = spawn({script.path, script.argument});
  if (!pid && pid.error() == ENOEXEC) return spawn({"/bin/sh", script.path, script.argument});
  return pid;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status))
    return std::format("killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return std::format("exit status {}", WEXITSTATUS(status));
}

class Run {
public:
  Run(const std::vector<ScriptCall>& scripts, const Waits& waits, std::size_t at_a_time,
      const std::function<void(const std::string&)>& tell)
      : scripts_{scripts}, waits_{waits}, at_a_time_{at_a_time}, tell_{tell} {
    for (std::size_t i = 0; i < scripts.size(); ++i) open_.insert(i);
  }

  void work() {
    while (start_those_that_may() || !running_.empty())
      if (!running_.empty()) wait_for_one();
  }

private:
  // Whether any was started or passed over.
  bool start_those_that_may() {
    bool any = false;
    for (auto next = open_.begin(); next != open_.end() && running_.size() < at_a_time_;) {
      if (!waits_[*next].empty()) {
        ++next;
        continue;
      }
      auto script = *next;
      open_.erase(next);
      start(script);
      next = open_.begin(); // one that could not be run has freed others
      any = true;
    }
    return any;
  }

  void start(std::size_t script) {
    auto pid = spawn_script(scripts_[script]);
    if (pid) {
      running_[*pid] = script;
      return;
    }
    tell(script, std::strerror(pid.error()));
    has_ended(script);
  }

  void wait_for_one() {
    int status = 0;
    pid_t pid = ::waitpid(-1, &status, 0);
    if (pid < 0 && errno == EINTR) return;
    auto ended = running_.find(pid);
    if (ended == running_.end()) {
      if (pid < 0) all_have_ended(); // somebody else has reaped them
      return;
    }
    auto script = ended->second;
    running_.erase(ended);
    if (status != 0) tell(script, how_it_ended(status));
    has_ended(script);
  }

  void all_have_ended() {
    for (auto [pid, script] : std::exchange(running_, {})) has_ended(script);
  }

  void has_ended(std::size_t script) {
    for (auto& wait : waits_) wait.erase(script);
  }

  void tell(std::size_t script, const std::string& what) const {
    tell_(std::format("{} {}: {}", scripts_[script].path, scripts_[script].argument, what));
  }

  const std::vector<ScriptCall>& scripts_;
  Waits waits_;
  std::size_t at_a_time_;
  const std::function<void(const std::string&)>& tell_;
  std::set<std::size_t> open_;
  std::map<pid_t, std::size_t> running_;
};

} // namespace

void run_scripts(const std::vector<ScriptCall>& scripts, const Waits& waits, std::size_t at_a_time,
                 const std::function<void(const std::string&)>& tell) {
  Run{scripts, waits, at_a_time, tell}.work();
}

} // namespace upstart::client
