#include "clients/front/peer.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace upstart::client::front {

namespace {

constexpr int handshake_time = 1000; // milliseconds
constexpr std::string_view accepted = "OK ", end_of_line = "\r\n";

// Says who we are, which the socket proves, and that D-Bus messages follow.
std::string handshake() {
  std::string text{'\0'};
  text += "AUTH EXTERNAL ";
  for (char digit : std::to_string(::geteuid())) (text += '3') += digit; // in hexadecimal digits of ASCII
  return (text += end_of_line) += "BEGIN\r\n";
}

} // namespace

std::optional<Peer> Peer::connect(std::string_view address) {
  auto name = socket_of(address);
  if (!name || address.contains(';')) return std::nullopt;
  auto socket = connect_to(*name);
  if (!socket || foreign_server(socket->get(), *name)) return std::nullopt;
  return Peer{std::move(*socket)};
}

Peer::Peer(base::FileDescriptor socket) : socket_{std::move(socket)}, outgoing_{handshake()} {}

std::uint32_t Peer::ask(const Call& call) {
  outgoing_ += encoded(call, ++last_serial_);
  return last_serial_;
}

std::optional<Reply> Peer::answer(std::uint32_t serial) {
  if (!send_all()) return std::nullopt;
  while (true) {
    auto found = std::ranges::find(early_, serial, &Reply::to);
    if (found != early_.end()) {
      auto reply = std::move(*found);
      early_.erase(found);
      return reply;
    }
    auto reply = next_reply();
    if (!reply) return std::nullopt;
    early_.push_back(std::move(*reply));
  }
}

bool Peer::send_all() {
  std::string_view left{outgoing_};
  while (!left.empty()) {
    auto sent = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) left.remove_prefix(static_cast<std::size_t>(sent));
  }
  outgoing_.clear();
  return true;
}

bool Peer::receive() {
  if (!accepted_) {
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, handshake_time) <= 0) return false;
  }
  std::array<char, 4096> some{};
  ssize_t size = 0;
  do size = ::recv(socket_.get(), some.data(), some.size(), 0);
  while (size < 0 && errno == EINTR);
  if (size <= 0) return false;
  received_.append(some.data(), static_cast<std::size_t>(size));
  return true;
}

bool Peer::shake_hands() {
  auto end = received_.find(end_of_line);
  while (end == std::string::npos) {
    if (received_.size() > 1024 || !receive()) return false;
    end = received_.find(end_of_line);
  }
  accepted_ = received_.starts_with(accepted);
  received_.erase(0, end + end_of_line.size());
  return accepted_;
}

std::optional<Reply> Peer::next_reply() {
  if (!accepted_ && !shake_hands()) return std::nullopt;
  while (true) {
    auto frame = first_message(received_);
    if (frame.state == Framing::broken) return std::nullopt;
    if (frame.state == Framing::incomplete) {
      if (!receive()) return std::nullopt;
      continue;
    }
    auto reply = reply_in(std::string_view{received_}.substr(0, frame.size));
    received_.erase(0, frame.size);
    if (reply) return reply; // else a signal
  }
}

} // namespace upstart::client::front
