#include "daemons/bridge/testing/process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace upstart::bridge::testing {

namespace {

constexpr int first_descriptor = 3;

// The descriptors at 3, 4, …; they are first moved out of each other's way.
void arrange(const std::vector<std::pair<std::string, int>>& descriptors) {
  std::vector<int> aside;
  for (const auto& [name, fd] : descriptors) aside.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, 100));
  for (std::size_t i = 0; i < aside.size(); ++i) ::dup2(aside[i], first_descriptor + static_cast<int>(i));
}

[[noreturn]] void become(const Process::Plan& plan) {
  int output = ::open(plan.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  arrange(plan.descriptors);
  auto variables = plan.environment;
  if (!plan.descriptors.empty()) {
    std::string names;
    for (const auto& [name, fd] : plan.descriptors) names += (names.empty() ? "" : ":") + name;
    variables["LISTEN_FDS"] = std::to_string(plan.descriptors.size());
    variables["LISTEN_FDNAMES"] = names;
    variables["LISTEN_PID"] = std::to_string(::getpid());
  }
  std::vector<std::string> strings;
  for (const auto& [key, value] : variables) strings.push_back(key + "=" + value);
  std::vector<char*> environment;
  for (auto& string : strings) environment.push_back(string.data());
  environment.push_back(nullptr);
  std::vector<char*> arguments;
  for (const auto& word : plan.command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvpe(arguments[0], arguments.data(), environment.data());
  ::_exit(127);
}

} // namespace

Process::Process(const Plan& plan) : pid_{::fork()} {
  if (pid_ == 0) become(plan);
  if (pid_ < 0) throw std::runtime_error("cannot fork");
}

Process::Process(Process&& other) noexcept : pid_{std::exchange(other.pid_, -1)} {}

Process::~Process() {
  if (pid_ > 0) end(SIGKILL);
}

// Of one that was waited for there is no number any more: -1 would be everybody.
void Process::signal(int number) const {
  if (pid_ <= 0) throw std::logic_error("the process has ended and was waited for");
  ::kill(pid_, number);
}

void Process::pause() const {
  signal(SIGSTOP);
  int status = 0;
  ::waitpid(pid_, &status, WUNTRACED);
}

void Process::resume() const { signal(SIGCONT); }

int Process::end(int signal_number) {
  signal(signal_number);
  return wait();
}

int Process::wait() {
  if (pid_ <= 0) throw std::logic_error("the process was waited for before");
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

unsigned long Process::wake_ups() const {
  std::ifstream status{"/proc/" + std::to_string(pid_) + "/status"};
  const std::string key = "voluntary_ctxt_switches:";
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return std::stoul(line.substr(key.size()));
  throw std::runtime_error("no status of the process");
}

unsigned long Process::until_idle() const {
  for (auto before = wake_ups();;) {
    ::usleep(300'000);
    if (auto now = wake_ups(); std::exchange(before, now) == now) return now;
  }
}

std::string content_of(const std::string& file) {
  std::ostringstream content;
  content << std::ifstream{file}.rdbuf();
  return content.str();
}

} // namespace upstart::bridge::testing
