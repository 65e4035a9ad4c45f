#include "clients/initctl/legacy/script-process.hpp"

#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace upstart::client {

namespace {

class SpawnActions {
public:
  explicit SpawnActions(ScriptProcess::Streams streams) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addchdir_np(&actions_, "/");
    if (streams == ScriptProcess::Streams::of_this_process) return;
    for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
      posix_spawn_file_actions_addopen(&actions_, stream, "/dev/null", O_RDWR, 0);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
  posix_spawn_file_actions_t actions_{};
};

std::vector<std::string> plain_environment() {
  std::vector<std::string> variables{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const char* name : {"TERM", "LANG", "LC_ALL"})
    if (const char* value = std::getenv(name); value != nullptr) variables.push_back(std::string{name} + "=" + value);
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

} // namespace

std::expected<ScriptProcess, int> ScriptProcess::start(const std::string& script, const std::string& argument,
                                                       const std::vector<std::string>& variables, Streams streams) {
  auto environment = plain_environment();
  environment.insert(environment.end(), variables.begin(), variables.end());
  std::vector<std::string> words{script, argument};
  pid_t pid = 0;
  SpawnActions actions{streams};
  int error = ::posix_spawn(&pid, script.c_str(), actions.get(), nullptr, pointers_to(words).data(),
                            pointers_to(environment).data());
  if (error == ENOEXEC) {
    words.insert(words.begin(), "/bin/sh");
    error = ::posix_spawn(&pid, "/bin/sh", actions.get(), nullptr, pointers_to(words).data(),
                          pointers_to(environment).data());
  }
  if (error != 0) return std::unexpected{error};
  return ScriptProcess{pid, base::FileDescriptor{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))}};
}

ScriptProcess::ScriptProcess(ScriptProcess&& other) noexcept
    : pid_{std::exchange(other.pid_, 0)}, descriptor_{std::move(other.descriptor_)} {}

ScriptProcess::~ScriptProcess() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  (void)wait();
}

int ScriptProcess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
  pid_ = 0;
  return status;
}

std::optional<int> ScriptProcess::wait_for(std::chrono::milliseconds time) {
  pollfd end{.fd = descriptor_.get(), .events = POLLIN, .revents = 0};
  if (descriptor_ && ::poll(&end, 1, static_cast<int>(time.count())) == 0) return std::nullopt;
  return wait();
}

} // namespace upstart::client
