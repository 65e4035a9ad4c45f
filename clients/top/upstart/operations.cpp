#include "clients/top/upstart/operations.hpp"

#include "clients/base/commands/tracked-commands.hpp"
#include "clients/base/read-to-end.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <format>

namespace upstart::top {

namespace {

std::string_view name_of(Operation operation) {
  if (operation == Operation::start) return "start";
  return operation == Operation::stop ? "stop" : "restart";
}

} // namespace

std::string command(client::Upstart& upstart, const Wish& wish) try {
  client::JobSelection job{.job = wish.job};
  if (!wish.instance.empty()) job.instance = wish.instance;
  upstart.begin_command();
  client::TrackedCommands commands{upstart};
  if (wish.operation == Operation::start) (void)commands.start(job, false);
  else if (wish.operation == Operation::stop) (void)commands.stop(job, false);
  else (void)commands.restart(job, false);
  return std::format("{} {}: requested", name_of(wish.operation), wish.job);
} catch (const sdbus::Error& error) {
  if (client::is_lost(error)) throw;
  return std::format("{} {}: {}", name_of(wish.operation), wish.job, error.getMessage());
}

std::string output_of(std::vector<std::string> words) {
  std::array<int, 2> ends{};
  auto failure = [&](int error) { return std::format("unable to run {}: {}", words.front(), std::strerror(error)); };
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return failure(errno);
  base::FileDescriptor reading{ends[0]}, writing{ends[1]};
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  std::string name = "initctl"; // what it calls itself in messages
  pointers.front() = name.data();
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), STDERR_FILENO);
  pid_t pid = 0;
  int error = ::posix_spawn(&pid, words.front().c_str(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return failure(error);
  writing.reset();
  auto output = client::read_to_end(reading.get());
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
  return output.empty() ? "(no output)\n" : output;
}

} // namespace upstart::top
