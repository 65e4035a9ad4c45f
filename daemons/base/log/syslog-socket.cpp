#include "daemons/base/log/syslog-socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <format>

namespace upstart::base {

namespace {

constexpr int facility_of_daemons = 3 << 3;
constexpr int notice = 5;

std::string present_time() {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  std::array<char, 32> text{};
  ::localtime_r(&now, &parts);
  return {text.data(), std::strftime(text.data(), text.size(), "%b %e %H:%M:%S", &parts)};
}

} // namespace

std::string syslog_message(std::string_view line, std::string_view time, int pid) {
  int severity = notice;
  if (auto end = line.find('>'); line.starts_with('<') && end != std::string_view::npos) {
    std::from_chars(line.data() + 1, line.data() + end, severity);
    line.remove_prefix(end + 1);
  }
  if (line.ends_with('\n')) line.remove_suffix(1);
  auto colon = line.find(':');
  if (colon == std::string_view::npos) return std::format("<{}>{} {}", facility_of_daemons + severity, time, line);
  return std::format("<{}>{} {}[{}]{}", facility_of_daemons + severity, time, line.substr(0, colon), pid,
                     line.substr(colon));
}

bool SyslogSocket::send(std::string_view line) {
  if (!socket_ && !connect()) return false;
  auto message = syslog_message(line, present_time(), ::getpid());
  if (::send(socket_.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
  if (errno != EAGAIN && errno != ENOBUFS) socket_.reset();
  return false;
}

bool SyslogSocket::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return false;
  path_.copy(address.sun_path, path_.size());
  FileDescriptor made{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!made || ::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return false;
  socket_ = std::move(made);
  return true;
}

} // namespace upstart::base
