#include "clients/initctl/simulate/helper-program.hpp"

#include "clients/base/read-to-end.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <format>

namespace upstart::client {

namespace {

namespace fs = std::filesystem;
using base::FileDescriptor;

std::expected<std::string, Failure> find(const std::string& program) {
  std::error_code error;
  auto beside = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::string searched;
  for (const auto& place : {beside, beside.parent_path() / UPSTART_PROGRAM_DIRECTORY, beside.parent_path() / "bin",
                            beside.parent_path().parent_path() / "bin", beside.parent_path() / "tools"}) {
    if (::access((place / program).c_str(), X_OK) == 0) return (place / program).native();
    searched += (searched.empty() ? "" : ", ") + place.native();
  }
  return std::unexpected{Failure{std::format("unable to find the program {} in {}", program, searched)}};
}

class SpawnActions {
public:
  explicit SpawnActions(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
  posix_spawn_file_actions_t actions_{};
};

// As exec takes them: with a null pointer at the end.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  return status;
}

} // namespace

std::expected<HelperRun, Failure> run_helper_to_end(const std::string& program, std::vector<std::string> arguments) {
  auto path = find(program);
  if (!path) return std::unexpected{path.error()};
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0)
    return std::unexpected{Failure{std::format("unable to run {}: {}", program, std::strerror(errno))}};
  FileDescriptor reading{ends[0]}, writing{ends[1]};
  arguments.insert(arguments.begin(), *path);
  auto words = pointers_to(arguments);
  pid_t pid = 0;
  int error = ::posix_spawn(&pid, path->c_str(), SpawnActions{writing.get()}.get(), nullptr, words.data(), environ);
  if (error != 0) return std::unexpected{Failure{std::format("unable to run {}: {}", *path, std::strerror(error))}};
  writing.reset();
  auto output = read_to_end(reading.get());
  int status = wait_for(pid);
  if (!WIFEXITED(status)) return std::unexpected{Failure{std::format("{} was killed", program)}};
  return HelperRun{.output = std::move(output), .status = WEXITSTATUS(status)};
}

std::expected<std::string, Failure> run_helper(const std::string& program, std::vector<std::string> arguments) {
  auto ran = run_helper_to_end(program, std::move(arguments));
  if (!ran) return std::unexpected{ran.error()};
  if (ran->status != 0) return std::unexpected{Failure{std::format("{} failed", program)}};
  return std::move(ran->output);
}

Failure become_helper(ProcessContext& context, const std::string& program, std::vector<std::string> arguments) {
  auto path = find(program);
  if (!path) return path.error();
  arguments.insert(arguments.begin(), *path);
  auto words = pointers_to(arguments);
  context.out.flush();
  ::execv(path->c_str(), words.data());
  return {std::format("unable to run {}: {}", *path, std::strerror(errno))};
}

} // namespace upstart::client
