#include "clients/init-checkconf/shell-syntax.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <format>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace upstart::client {

namespace {

using base::FileDescriptor;
using supervisor::Diagnostic;
using supervisor::ProcessKind;

std::unexpected<std::string> system_error(std::string_view what) {
  return std::unexpected(std::format("{}: {}", what, std::strerror(errno)));
}

std::expected<FileDescriptor, std::string> file_with(std::string_view text) {
  FileDescriptor file(memfd_create("script", MFD_CLOEXEC));
  if (!file) return system_error("cannot keep the script");
  while (!text.empty()) {
    const auto written = write(file.get(), text.data(), text.size());
    if (written < 0) return system_error("cannot keep the script");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string read_all(int descriptor) {
  std::string text;
  char part[4096];
  for (ssize_t size; (size = read(descriptor, part, sizeof part)) > 0 || (size < 0 && errno == EINTR);)
    if (size > 0) text.append(part, static_cast<std::size_t>(size));
  return text;
}

std::expected<pid_t, std::string> spawn_shell(int input, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  char name[] = "sh", no_execution[] = "-n", locale[] = "LC_ALL=C";
  char* arguments[] = {name, no_execution, nullptr};
  char* environment[] = {locale, nullptr};
  pid_t shell = 0;
  errno = posix_spawn(&shell, "/bin/sh", &actions, nullptr, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (errno != 0) return system_error("cannot run /bin/sh");
  return shell;
}

// What the shell says against it; empty if it is fine.
std::expected<std::string, std::string> fault_of(std::string_view script) {
  auto input = file_with(script);
  if (!input) return std::unexpected(input.error());
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return system_error("cannot listen to the shell");
  FileDescriptor from_shell(ends[0]), to_us(ends[1]);
  const auto shell = spawn_shell(input->get(), to_us.get());
  if (!shell) return std::unexpected(shell.error());
  to_us.reset();
  auto said = read_all(from_shell.get());
  int status = 0;
  while (waitpid(*shell, &status, 0) < 0 && errno == EINTR) {}
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::string{};
  return said.empty() ? "the shell cannot read it" : said;
}

// "sh: 3: Syntax error: …", or "sh: line 3: syntax error …": the number, which is taken off with what stands before it.
std::size_t take_line_number(std::string_view& fault) {
  auto rest = fault.substr(std::min(fault.find(": ") + 2, fault.size()));
  if (rest.starts_with("line ")) rest.remove_prefix(5);
  std::size_t number = 0, digits = 0;
  while (digits < rest.size() && std::isdigit(static_cast<unsigned char>(rest[digits])) != 0)
    number = number * 10 + static_cast<std::size_t>(rest[digits++] - '0');
  if (digits == 0 || !rest.substr(digits).starts_with(": ")) return 0;
  fault = rest.substr(digits + 2);
  return number;
}

std::string_view line_of(std::string_view text, std::size_t number) {
  for (; number > 1; --number) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

Diagnostic diagnostic_of(const CheckedFile& file, ProcessKind kind, std::string_view fault) {
  const auto begin = file.result.script_lines[static_cast<std::size_t>(kind)];
  auto first_line = fault.substr(0, fault.find('\n'));
  const auto number = take_line_number(first_line);
  Diagnostic said;
  said.line = begin + (number > 0 ? number - 1 : 0);
  said.message = std::format("{} script: {}", name_of(kind), first_line);
  said.source = line_of(file.text, said.line);
  return said;
}

} // namespace

std::expected<void, std::string> check_scripts(CheckedFile& file) {
  if (!file.ok()) return {};
  const auto job = file.result.job_class;
  for (std::size_t i = 0; i < supervisor::process_kinds; ++i) {
    const auto kind = static_cast<ProcessKind>(i);
    const auto& command = job->command(kind);
    if (!command || !command->script || file.result.script_lines[i] == 0) continue;
    const auto fault = fault_of(command->text);
    if (!fault) return std::unexpected(fault.error());
    if (fault->empty()) continue;
    file.result.diagnostics.push_back(diagnostic_of(file, kind, *fault));
    file.result.job_class = nullptr;
  }
  return {};
}

} // namespace upstart::client
