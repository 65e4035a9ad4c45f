#include "daemons/init/notify/notify-socket.hpp"

#include "daemons/base/files/refused-execution.hpp"
#include "protocol/bridges.hpp"
#include "protocol/names.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ranges>

namespace upstart::init {

using base::FdWatcher;
using base::FileDescriptor;

namespace {

constexpr std::size_t longest_message = 4096;
constexpr std::size_t most_descriptors = 253; // of one message, a limit of the kernel

struct Received {
  pid_t sender = 0;
  std::vector<FileDescriptor> descriptors;
};

// Takes ownership of the descriptors first of all, so that none leaks whatever the message is.
Received take_control_data(msghdr& header) {
  Received result;
  for (auto* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_CREDENTIALS) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(part), sizeof credentials);
      result.sender = credentials.pid;
    } else if (part->cmsg_type == SCM_RIGHTS) {
      std::vector<int> numbers((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      std::memcpy(numbers.data(), CMSG_DATA(part), numbers.size() * sizeof(int));
      for (int fd : numbers) result.descriptors.emplace_back(fd);
    }
  }
  return result;
}

// Nothing where it is no such number: it is as if the line were not there.
std::optional<std::chrono::microseconds> microseconds_of(std::string_view text) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return std::chrono::microseconds{number};
}

std::optional<int> status_of(std::string_view text) {
  constexpr int highest = 255;
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0 || number > highest) return std::nullopt;
  return number;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (auto word : std::views::split(text, ' '))
    if (!word.empty()) words.emplace_back(std::string_view{word});
  return words;
}

} // namespace

Notification parse_notification(std::string_view lines) {
  Notification result;
  for (auto part : std::views::split(lines, '\n')) {
    std::string_view line{part};
    if (line == "READY=1") result.ready = true;
    else if (line == "STOPPING=1") result.stopping = true;
    else if (line == "FDSTORE=1") result.keep = true;
    else if (line == "FDSTOREREMOVE=1") result.forget = true;
    else if (line == protocol::execute_anew_notification) result.execute_anew = true;
    else if (line.starts_with(protocol::asked_by_line)) result.asked_by = line.substr(protocol::asked_by_line.size());
    else if (line.starts_with(protocol::container_end_line))
      result.container_end = status_of(line.substr(protocol::container_end_line.size()));
    else if (line == "WATCHDOG=1") result.alive = true;
    else if (line.starts_with("WATCHDOG_USEC=")) result.period = microseconds_of(line.substr(line.find('=') + 1));
    else if (line.starts_with(protocol::wanted_bridges_line))
      result.bridges = words_of(line.substr(protocol::wanted_bridges_line.size()));
    else if (line.starts_with(protocol::start_bridge_line))
      result.start_bridge = line.substr(protocol::start_bridge_line.size());
    else if (line.starts_with("FDNAME=")) result.name = line.substr(line.find('=') + 1);
    else if (line.starts_with("STATUS=")) result.status = line.substr(line.find('=') + 1);
  }
  return result;
}

std::expected<FileDescriptor, std::string> NotifySocket::bind(const std::string& path) {
  auto failed = [&] {
    return std::unexpected("unable to make the notification socket " + path + ": " + std::strerror(errno));
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  errno = ENAMETOOLONG;
  if (path.size() >= sizeof address.sun_path) return failed();
  std::memcpy(address.sun_path, path.c_str(), path.size());
  FileDescriptor fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return failed();
  int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  ::unlink(path.c_str());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return failed();
  return fd;
}

NotifySocket::NotifySocket(base::EventLoop& loop, FileDescriptor bound, Received received)
    : socket_{std::move(bound)},
      received_{std::move(received)},
      watcher_{loop, socket_.get(), [this](unsigned) { drain(); }} {
  watcher_.watch(FdWatcher::readable);
}

void NotifySocket::drain() {
  while (receive()) {}
}

// False when there is nothing more.
bool NotifySocket::receive() {
  std::array<char, longest_message> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(most_descriptors * sizeof(int))> control{};
  iovec data{text.data(), text.size()};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  auto length = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0) return errno == EINTR;
  auto received = take_control_data(header);
  if ((header.msg_flags & MSG_TRUNC) != 0) return true;
  received_(received.sender, parse_notification({text.data(), static_cast<std::size_t>(length)}),
            std::move(received.descriptors));
  return true;
}

} // namespace upstart::init
