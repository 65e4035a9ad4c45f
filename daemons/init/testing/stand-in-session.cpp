#include "daemons/init/testing/stand-in-session.hpp"

#include "daemons/base/service-manager.hpp"
#include "daemons/init/processes/orphans.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <iterator>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <utility>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace upstart::init {

using base::FileDescriptor;
namespace fs = std::filesystem;

namespace {

constexpr int time_limit = 10'000;
constexpr int stray_descriptor = 20; // that whoever started init forgot to close

bool readable(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  return ::poll(&wanted, 1, time_limit) == 1;
}

sockaddr_un socket_address(const std::string& text, socklen_t& size) {
  sockaddr_un result{};
  result.sun_family = AF_UNIX;
  bool is_abstract = text.starts_with("unix:abstract=");
  auto name = text.substr(text.find('=') + 1);
  std::memcpy(result.sun_path + (is_abstract ? 1 : 0), name.data(), name.size());
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 1 : 0));
  return result;
}

// Another user may not be able to enter the directory of the build: what it runs is copied to where it can.
void copy_program(const fs::path& program, const std::string& target) {
  fs::copy_file(program, target, fs::copy_options::skip_existing);
  fs::permissions(target, fs::perms{0755});
}

// By a descriptor that init inherits and does not know of.
void take_address(const std::string& address) {
  socklen_t size = 0;
  auto target = socket_address(address, size);
  if (::bind(::socket(AF_UNIX, SOCK_STREAM, 0), reinterpret_cast<const sockaddr*>(&target), size) < 0) ::_exit(97);
}

} // namespace

TemporaryDirectory::TemporaryDirectory() : path_{fs::temp_directory_path() / "upstart-init-test-XXXXXX"} {
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary directory");
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  fs::remove_all(path_, error);
}

StandInSession::StandInSession(const How& how)
    : directory_{how.where ? how.where : std::make_shared<TemporaryDirectory>()}, uid_{how.uid.value_or(::getuid())} {
  make_directories(how);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1); // what init leaves behind comes to us
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) throw std::runtime_error("no pipe");
  output_.reset(ends[0]);
  FileDescriptor other_end{ends[1]};
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) become_init(how, other_end.get());
}

// Whatever the test did, no process stays.
StandInSession::~StandInSession() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  do {
    for (pid_t pid : children()) ::kill(pid, SIGKILL);
  } while (::waitpid(-1, nullptr, 0) > 0);
}

void StandInSession::make_directories(const How& how) {
  fs::create_directory(runtime_directory());
  fs::create_directory(home() + "/daemons");
  if (how.uid) {
    init_program_ = home() + "/init";
    stand_in_daemon_ = home() + "/stand-in-daemon";
    copy_program(INIT_PROGRAM, init_program_);
    copy_program(STAND_IN_DAEMON, stand_in_daemon_);
  }
  for (const char* name :
       {"upstart-event-broker", "upstart-job-supervisor", "upstart-socket-bridge", "upstart-file-bridge"})
    if (!how.where) fs::create_symlink(stand_in_daemon_, home() + "/daemons/" + name);
  if (!how.uid) return;
  for (const auto& path : {home(), runtime_directory()})
    if (::chown(path.c_str(), *how.uid, *how.uid) < 0) throw std::runtime_error("unable to give " + path + " away");
}

void StandInSession::become_init(const How& how, int output) {
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::dup2(output, stray_descriptor);
  if (how.address_taken) take_address(protocol::session_address(uid_, ::getpid()));
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = soft_limit_of_open_files;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (how.uid && (::setgroups(0, nullptr) < 0 || ::setresgid(*how.uid, *how.uid, *how.uid) < 0 ||
                  ::setresuid(*how.uid, *how.uid, *how.uid) < 0))
    ::_exit(99);
  ::clearenv();
  ::setenv("PATH", "/usr/bin:/bin", 1);
  ::setenv("HOME", home().c_str(), 1);
  ::setenv("TMPDIR", home().c_str(), 1);
  ::setenv("XDG_RUNTIME_DIR", runtime_directory().c_str(), 1);
  for (const auto& [key, value] : how.environment)
    if (value.empty()) ::unsetenv(key.c_str());
    else ::setenv(key.c_str(), value.c_str(), 1);
  std::vector<std::string> strings{"init", "--daemon-directory", home() + "/daemons"};
  strings.insert(strings.end(), how.options.begin(), how.options.end());
  std::vector<char*> pointers;
  for (auto& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  ::execv(init_program_.c_str(), pointers.data());
  ::_exit(98);
}

std::optional<std::string> StandInSession::next_line() {
  for (;;) {
    if (auto end = unread_.find('\n'); end != std::string::npos) {
      heard_.push_back(unread_.substr(0, end));
      unread_.erase(0, end + 1);
      return heard_.back();
    }
    char buffer[4096];
    if (!readable(output_.get())) return std::nullopt;
    auto length = ::read(output_.get(), buffer, sizeof buffer);
    if (length <= 0) return std::nullopt;
    unread_.append(buffer, static_cast<std::size_t>(length));
  }
}

std::string StandInSession::await(const std::string& text) {
  while (auto line = next_line())
    if (line->contains(text)) return *line;
  return "";
}

bool StandInSession::has_heard(const std::string& text) const {
  for (const auto& line : heard_)
    if (line.contains(text)) return true;
  return false;
}

void StandInSession::await_ready() {
  for (const char* name :
       {"upstart-event-broker is ready", "upstart-job-supervisor is ready", "upstart-socket-bridge is ready"})
    if (!has_heard(name)) await(name);
}

void StandInSession::install(const std::string& program) const {
  fs::create_symlink(stand_in_daemon_, home() + "/daemons/" + program);
}

std::string StandInSession::ask(const std::string& socket, const std::string& command) {
  auto address =
      socket == protocol::socket_name::session ? private_address() : protocol::daemon_address(run_directory(), socket);
  auto connection = connect_to(address);
  send_command(connection.get(), command);
  return read_answer(connection.get());
}

pid_t StandInSession::pid_of(const std::string& socket) {
  auto answer = ask(socket, "who");
  pid_t pid = answer.empty() ? 0 : std::stoi(answer.substr(answer.find(' ') + 1));
  if (pid <= 0) throw std::runtime_error(socket + " does not say its process id, but: " + answer);
  return pid;
}

void StandInSession::signal(int number) const {
  if (pid_ <= 0) throw std::logic_error("init has ended and was waited for");
  ::kill(pid_, number);
}

void StandInSession::kill_all() {
  std::vector<pid_t> daemons;
  for (const char* name : {"event-broker", "job-supervisor", "socket-bridge"}) daemons.push_back(pid_of(name));
  signal(SIGSTOP);
  for (pid_t pid : daemons) ::kill(pid, SIGKILL);
  signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

int StandInSession::end() {
  while (next_line()) {}
  FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  if (!readable(process.get())) return -1;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -pid_;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string StandInSession::session_file() const {
  return runtime_directory() + "/upstart/sessions/" + std::to_string(pid_) + ".session";
}

std::string StandInSession::private_address() const { return protocol::session_address(uid_, pid_); }

FileDescriptor connect_to(const std::string& address) {
  socklen_t size = 0;
  auto target = socket_address(address, size);
  FileDescriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&target), size) < 0)
    throw std::runtime_error("unable to connect to " + address + ": " + std::strerror(errno));
  return fd;
}

void send_command(int connection, const std::string& command) {
  auto line = command + "\n";
  if (::send(connection, line.data(), line.size(), MSG_NOSIGNAL) < 0)
    throw std::runtime_error("unable to send " + command);
}

std::string read_answer(int connection) {
  std::string result;
  char buffer[200];
  while (readable(connection)) {
    auto length = ::read(connection, buffer, sizeof buffer);
    if (length <= 0) break;
    result.append(buffer, static_cast<std::size_t>(length));
  }
  return result.substr(0, result.find('\n'));
}

bool is_alive(pid_t pid) { return ::kill(pid, 0) == 0; }

std::string content_of(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

StandInSession::How with(std::map<std::string, std::string> environment) {
  return {.environment = std::move(environment)};
}

std::size_t place_of(const StandInSession& session, const std::string& text) {
  const auto& lines = session.heard();
  return static_cast<std::size_t>(std::ranges::find_if(lines, [&](const auto& line) { return line.contains(text); }) -
                                  lines.begin());
}

} // namespace upstart::init
