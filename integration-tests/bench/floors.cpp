#include "integration-tests/bench/floors.hpp"

#include "integration-tests/bench/bus.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

extern char** environ;

namespace upstart::bench {

namespace {

// A process at the other end of a socket pair, which lives until this end is closed.
template <typename Life> std::pair<pid_t, int> other_end(Life&& life) {
  std::array<int, 2> ends{};
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0 ? -errno : 0, "a socket pair");
  pid_t pid = ::fork();
  check(pid < 0 ? -errno : 0, "another process");
  if (pid == 0) {
    ::close(ends[0]);
    life(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  return {pid, ends[0]};
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
}

void echo(int fd) {
  char byte = 0;
  while (::read(fd, &byte, 1) == 1)
    if (::write(fd, &byte, 1) != 1) return;
}

int answer(sd_bus_message* message, void*, sd_bus_error*) {
  return sd_bus_message_is_method_call(message, nullptr, nullptr) > 0 ? sd_bus_reply_method_return(message, "") : 0;
}

void serve(int fd) {
  sd_bus* bus = nullptr;
  sd_id128_t id{};
  if (sd_id128_randomize(&id) < 0 || sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
      sd_bus_set_server(bus, 1, id) < 0)
    return;
  if (sd_bus_set_anonymous(bus, 1) < 0 || sd_bus_add_filter(bus, nullptr, answer, nullptr) < 0 || sd_bus_start(bus) < 0)
    return;
  for (int done = 0; done >= 0;)
    if ((done = sd_bus_process(bus, nullptr)) == 0) done = sd_bus_wait(bus, UINT64_MAX);
}

Bus connect(int fd) {
  sd_bus* made = nullptr;
  check(sd_bus_new(&made), "a connection");
  Bus bus{made, &sd_bus_close_unref};
  int copy = check(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "a descriptor");
  check(sd_bus_set_fd(made, copy, copy), "a connection");
  check(sd_bus_set_anonymous(made, 1), "a connection");
  check(sd_bus_start(made), "connecting");
  return bus;
}

Message request(sd_bus* bus) {
  sd_bus_message* made = nullptr;
  check(
      sd_bus_message_new_method_call(bus, &made, nullptr, "/com/ubuntu/Upstart", "com.ubuntu.Upstart0_6", "EmitEvent"),
      "a call");
  Message message{made, &sd_bus_message_unref};
  check(sd_bus_message_append(made, "sasb", "nobody-listens", 0, 1), "a call");
  return message;
}

int count_reply(sd_bus_message*, void* answered, sd_bus_error*) {
  ++*static_cast<int*>(answered);
  return 1;
}

// A program whose output nobody wants.
class SilentOutput {
public:
  SilentOutput() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  SilentOutput(const SilentOutput&) = delete;
  SilentOutput& operator=(const SilentOutput&) = delete;
  ~SilentOutput() { ::posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
  posix_spawn_file_actions_t actions_{};
};

pid_t spawn(const std::vector<std::string>& words) {
  static const SilentOutput silent;
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  check(-::posix_spawnp(&pid, arguments[0], silent.get(), nullptr, arguments.data(), environ), arguments[0]);
  return pid;
}

pid_t spawn_sleep() { return spawn({"sleep", "1000"}); }

void end(pid_t pid) {
  ::kill(pid, SIGTERM);
  reap(pid);
}

} // namespace

Samples socketpair_round_trips(int count) {
  auto [pid, fd] = other_end(echo);
  Samples samples;
  char byte = 0;
  for (int i = 0; i < count; ++i)
    samples.push_back(time_of([&] {
      if (::write(fd, &byte, 1) != 1 || ::read(fd, &byte, 1) != 1) throw std::runtime_error{"the echo has gone"};
    }));
  ::close(fd);
  reap(pid);
  return samples;
}

BusProcess::BusProcess() { std::tie(pid_, fd_) = other_end(serve); }

BusProcess::~BusProcess() {
  ::close(fd_);
  reap(pid_);
}

Samples bus_round_trips(const BusProcess& other, int count) {
  auto bus = connect(other.fd());
  Samples samples;
  call(bus.get(), request(bus.get()).get());
  for (int i = 0; i < count; ++i) samples.push_back(time_of([&] { call(bus.get(), request(bus.get()).get()); }));
  return samples;
}

double bus_pipelined(int count, int window) {
  BusProcess other;
  auto bus = connect(other.fd());
  call(bus.get(), request(bus.get()).get());
  int sent = 0, answered = 0;
  return time_of([&] {
    while (answered < count) {
      for (; sent < count && sent - answered < window; ++sent)
        check(sd_bus_call_async(bus.get(), nullptr, request(bus.get()).get(), count_reply, &answered, UINT64_MAX),
              "a call");
      if (check(sd_bus_process(bus.get(), nullptr), "replies") == 0)
        check(sd_bus_wait(bus.get(), UINT64_MAX), "replies");
    }
  });
}

Samples spawn_and_wait(int count, const std::vector<std::string>& words) {
  Samples samples;
  for (int i = 0; i < count; ++i) samples.push_back(time_of([&] { reap(spawn(words)); }));
  return samples;
}

Lives spawn_then_end(int count) {
  Lives lives;
  for (int i = 0; i < count; ++i) {
    pid_t pid = 0;
    lives.births.push_back(time_of([&] { pid = spawn_sleep(); }));
    lives.deaths.push_back(time_of([&] { end(pid); }));
  }
  return lives;
}

Crowd spawn_crowd(int count) {
  std::vector<pid_t> pids;
  Crowd crowd;
  crowd.birth = time_of([&] {
    for (int i = 0; i < count; ++i) pids.push_back(spawn_sleep());
  });
  crowd.death = time_of([&] {
    for (pid_t pid : pids) ::kill(pid, SIGTERM);
    for (pid_t pid : pids) reap(pid);
  });
  return crowd;
}

double read_files(const std::string& directory) {
  std::array<char, 4096> buffer{};
  return time_of([&] {
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
      int fd = check(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC), "a file");
      while (::read(fd, buffer.data(), buffer.size()) > 0) {}
      ::close(fd);
    }
  });
}

} // namespace upstart::bench
