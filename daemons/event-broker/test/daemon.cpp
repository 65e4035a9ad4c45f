#include "daemons/event-broker/test/daemon.hpp"

#include "daemons/base/peer.hpp"
#include "daemons/base/service-manager.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace upstart::broker::test {

using base::FileDescriptor;

namespace {

std::string temporary_directory() {
  std::string path = "/tmp/event-broker-test-XXXXXX";
  REQUIRE(::mkdtemp(path.data()) != nullptr);
  return path;
}

FileDescriptor notification_socket(const std::string& path) {
  FileDescriptor fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  timeval look{.tv_sec = 0, .tv_usec = 20'000}; // for a daemon that dies before it says anything
  REQUIRE(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look) == 0);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

std::string value_in(const std::string& text, const std::string& key) {
  auto begin = text.find(key + "=");
  if (begin == std::string::npos) return {};
  begin += key.size() + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

} // namespace

Daemon::Daemon() : directory_{temporary_directory()}, notifications_{notification_socket(directory_ + "/notify")} {
  auto listening = base::listen_at(address());
  REQUIRE(listening);
  listening_ = std::move(*listening);
}

Daemon::~Daemon() {
  if (pid_ != 0) kill();
  std::filesystem::remove_all(directory_);
}

std::string Daemon::address() const { return protocol::daemon_address(directory_, protocol::socket_name::broker); }

std::string Daemon::standard_error() const {
  std::ifstream stream{directory_ + "/log"};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

void Daemon::start(const std::vector<std::string>& options) {
  ready_ = false;
  pid_ = ::fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) become_daemon(options);
  while (!ready_ && !has_died()) listen_to_daemon(true);
}

void Daemon::become_daemon(const std::vector<std::string>& options) {
  std::string names = protocol::socket_name::broker;
  std::vector<int> handed{listening_.get()};
  for (const auto& [name, file] : kept_) {
    names += ":" + name;
    handed.push_back(file.get());
  }
  constexpr int high = 200;
  for (auto& fd : handed) fd = ::fcntl(fd, F_DUPFD, high);
  for (std::size_t i = 0; i < handed.size(); ++i) ::dup2(handed[i], static_cast<int>(3 + i));
  for (int fd : handed) ::close(fd);
  FileDescriptor log{::open((directory_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  ::dup2(log.get(), STDERR_FILENO);
  ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
  for (const auto& [key, value] : environment) ::setenv(key.c_str(), value.c_str(), 1);
  ::setenv("LISTEN_FDS", std::to_string(handed.size()).c_str(), 1);
  ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("NOTIFY_SOCKET", (directory_ + "/notify").c_str(), 1);
  if (file_limit) {
    rlimit limit{*file_limit, *file_limit};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);
  }
  std::vector<std::string> words{"upstart-event-broker", "--session", "--run-directory", directory_};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(EVENT_BROKER, argv.data());
  ::_exit(127);
}

void Daemon::listen_to_daemon(bool wait) {
  std::array<char, 4096> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  for (bool first = true;; first = false) {
    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto size = ::recvmsg(notifications_.get(), &message, MSG_CMSG_CLOEXEC | (wait && first ? 0 : MSG_DONTWAIT));
    if (size < 0) return;
    FileDescriptor file;
    if (auto* header = CMSG_FIRSTHDR(&message); header != nullptr && header->cmsg_type == SCM_RIGHTS) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
      file.reset(fd);
    }
    take_message({text.data(), static_cast<std::size_t>(size)}, std::move(file));
  }
}

void Daemon::take_message(const std::string& text, FileDescriptor file) {
  if (text.contains("READY=1")) ready_ = true;
  if (text.contains("FDSTORE=1")) kept_[value_in(text, "FDNAME")] = std::move(file);
  if (text.contains("FDSTOREREMOVE=1")) kept_.erase(value_in(text, "FDNAME"));
}

void Daemon::signal(int number) const { REQUIRE(::kill(pid_, number) == 0); }

int Daemon::reap() {
  int status = 0;
  ::waitpid(std::exchange(pid_, 0), &status, 0);
  listen_to_daemon(false);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool Daemon::has_died() {
  int status = 0;
  if (pid_ == 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return pid_ == 0;
  pid_ = 0;
  listen_to_daemon(false);
  return true;
}

void Daemon::kill() {
  signal(SIGKILL);
  reap();
}

int Daemon::terminate() {
  signal(SIGTERM);
  return reap();
}

} // namespace upstart::broker::test
