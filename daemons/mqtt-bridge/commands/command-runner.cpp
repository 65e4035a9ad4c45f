#include "daemons/mqtt-bridge/commands/command-runner.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <format>
#include <optional>

namespace upstart::mqtt_bridge {

namespace {

using base::FdWatcher;
using base::FileDescriptor;

struct Pipe {
  FileDescriptor reading, writing;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return std::nullopt;
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK); // NOLINT: as fcntl is
  return Pipe{FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

ReplyMessage failure(const std::string& what, int error) {
  return {.status = 1, .output = {}, .errors = std::format("{}: {}\n", what, std::strerror(error))};
}

// A stream of the process: read to its end, kept up to a bound.
class Stream {
public:
  Stream(base::EventLoop& loop, FileDescriptor reading, std::string& into)
      : file_{std::move(reading)}, into_{into}, watcher_{loop, file_.get(), [this](unsigned) { read(); }} {
    watcher_.watch(FdWatcher::readable);
  }
  void read() {
    std::array<char, 16384> buffer{};
    while (true) {
      auto got = ::read(file_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got == 0) watcher_.watch(0);
      if (got <= 0) return;
      auto room = most_reply_bytes - std::min(into_.size(), most_reply_bytes);
      into_.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
    }
  }

private:
  FileDescriptor file_;
  std::string& into_;
  FdWatcher watcher_;
};

} // namespace

class CommandRunner::Process {
public:
  Process(base::EventLoop& loop, Done done, std::chrono::seconds limit)
      : loop_{loop}, done_{std::move(done)}, limit_seconds_{limit}, limit_{loop, [this] { time_is_over(); }} {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  // False where it cannot be started; `reply` says why then.
  bool start(const std::string& program, std::vector<std::string>& arguments, std::function<void()> ended) {
    auto output = make_pipe(), errors = make_pipe();
    if (!output || !errors) return cannot("unable to make a pipe", errno);
    if (int error = spawn(program, arguments, *output, *errors); error != 0)
      return cannot("unable to run " + program, error);
    exit_file_ = FileDescriptor{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
    if (!exit_file_) return cannot("unable to watch " + program, errno);
    output_.emplace(loop_, std::move(output->reading), reply.output);
    errors_.emplace(loop_, std::move(errors->reading), reply.errors);
    exit_.emplace(loop_, exit_file_.get(), [this, ended = std::move(ended)](unsigned) {
      reap();
      ended();
    });
    exit_->watch(FdWatcher::readable);
    limit_.start(limit_seconds_);
    return true;
  }
  void finish() { done_(std::move(reply)); }

  ReplyMessage reply;

private:
  bool cannot(const std::string& what, int error) {
    reply = failure(what, error);
    return false;
  }

  int spawn(const std::string& program, std::vector<std::string>& arguments, const Pipe& output, const Pipe& errors) {
    arguments.insert(arguments.begin(), program);
    std::vector<char*> words;
    for (auto& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output.writing.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors.writing.get(), STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t pid = 0;
    int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0) pid_ = pid;
    return error;
  }

  void reap() {
    limit_.stop();
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    pid_ = 0;
    output_->read();
    errors_->read();
    constexpr int after_signal = 128;
    reply.status = WIFEXITED(status) ? WEXITSTATUS(status) : after_signal + WTERMSIG(status);
    if (timed_out_)
      reply.errors += std::format("the command was ended, as it took more than {} s\n", limit_seconds_.count());
  }

  void time_is_over() {
    timed_out_ = true;
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }

  base::EventLoop& loop_;
  Done done_;
  std::chrono::seconds limit_seconds_;
  base::Timer limit_;
  pid_t pid_ = 0;
  bool timed_out_ = false;
  FileDescriptor exit_file_;
  std::optional<Stream> output_, errors_;
  std::optional<FdWatcher> exit_;
};

CommandRunner::CommandRunner(base::EventLoop& loop, std::string program) : loop_{loop}, program_{std::move(program)} {}
CommandRunner::~CommandRunner() { *alive_ = false; }

void CommandRunner::run(std::vector<std::string> arguments, std::chrono::seconds limit, Done done) {
  auto place = running_.insert(running_.end(), std::make_unique<Process>(loop_, std::move(done), limit));
  auto finish = [this, place] {
    loop_.defer([process = std::shared_ptr<Process>{std::move(*place)}, alive = alive_] {
      if (*alive) process->finish();
    });
    running_.erase(place);
  };
  if (!(*place)->start(program_, arguments, finish)) finish();
}

std::string path_of_initctl() {
  namespace fs = std::filesystem;
  std::error_code error;
  auto beside = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& place :
       {beside, beside.parent_path().parent_path() / "sbin", beside.parent_path().parent_path() / "bin"})
    if (::access((place / "initctl").c_str(), X_OK) == 0) return (place / "initctl").native();
  return "/sbin/initctl";
}

} // namespace upstart::mqtt_bridge
