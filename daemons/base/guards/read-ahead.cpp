#include "daemons/base/guards/read-ahead.hpp"

#include "daemons/base/guards/descriptor-audit.hpp"
#include "daemons/base/guards/input-count.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace upstart::base {

namespace {

// So much is read ahead at most, and so much memory stays with a connection that keeps nothing.
constexpr std::size_t most_kept = 32'768;
constexpr std::size_t capacity_left = 1024;

// By descriptor. A connection belongs to the thread that made it, as its loop does.
thread_local std::vector<ReadAhead*> by_descriptor;
thread_local std::array<unsigned char, most_kept> room;

using Bytes = std::span<const unsigned char>;

ssize_t read_at_once(int fd, msghdr& message, int flags) { return ::syscall(SYS_recvmsg, fd, &message, flags); }

ssize_t fail(int error) {
  errno = error;
  return -1;
}

std::vector<int> descriptors_in(const msghdr& message) {
  std::vector<int> found;
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(const_cast<msghdr*>(&message), part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    auto had = found.size();
    found.resize(had + (part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(found.data() + had, CMSG_DATA(part), part->cmsg_len - CMSG_LEN(0));
  }
  return found;
}

// Where there is no room for all of them, none is given, and the reader is told that they are cut off.
bool put(const std::vector<int>& descriptors, msghdr& message, std::size_t room_for_control) {
  auto bytes = descriptors.size() * sizeof(int);
  message.msg_controllen = room_for_control;
  auto* part = CMSG_FIRSTHDR(&message);
  if (part == nullptr || room_for_control < CMSG_SPACE(bytes)) {
    message.msg_controllen = 0;
    message.msg_flags |= MSG_CTRUNC;
    return false;
  }
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(bytes);
  std::memcpy(CMSG_DATA(part), descriptors.data(), bytes);
  message.msg_controllen = CMSG_SPACE(bytes);
  return true;
}

// The header fields of a message, one after the other, as far as they are there and of the types that headers have.
class HeaderFields {
public:
  explicit HeaderFields(Bytes message) : bytes_{message}, little_{!message.empty() && message[0] == 'l'} {
    constexpr std::size_t place_of_size = 12;
    end_ = number_at(place_of_size).value_or(0) + MessageFrames::header_size;
  }

  // How many descriptors the message says that it has.
  [[nodiscard]] std::uint32_t descriptors() {
    constexpr unsigned char unix_fds = 9;
    while (place_ < end_) {
      place_ = (place_ + 7) / 8 * 8;
      if (place_ + 4 > bytes_.size()) return 0;
      auto code = bytes_[place_], type = bytes_[place_ + 2]; // between them the length of the type, which is one
      place_ += 4;
      if (code == unix_fds) return type == 'u' ? number_at(place_).value_or(0) : 0;
      if (!skip(type)) return 0;
    }
    return 0;
  }

private:
  [[nodiscard]] std::optional<std::uint32_t> number_at(std::size_t place) const {
    if (place + 4 > bytes_.size()) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{bytes_[place + i]} << (8 * (little_ ? i : 3 - i));
    return value;
  }
  bool skip(unsigned char type) {
    if (type == 'g') {
      if (place_ >= bytes_.size()) return false;
      place_ += std::size_t{2} + bytes_[place_];
      return true;
    }
    auto number = number_at(place_); // a field begins at a multiple of eight, and its value four bytes behind that
    if (!number) return false;
    place_ += 4;
    if (type == 's' || type == 'o') place_ += std::size_t{*number} + 1;
    return type == 's' || type == 'o' || type == 'u';
  }

  Bytes bytes_;
  bool little_;
  std::size_t place_ = MessageFrames::header_size, end_;
};

// Of the messages that begin in these bytes: where the one begins that descriptors came with. Nothing where none
// begins.
std::optional<std::size_t> owner_of_descriptors(MessageFrames frames, Bytes bytes) {
  std::optional<std::size_t> owner;
  for (std::size_t place = 0; place < bytes.size() && !frames.lost();) {
    if (frames.at_begin()) {
      owner = place;
      if (HeaderFields{bytes.subspan(place)}.descriptors() > 0) return owner;
    }
    place += frames.follow(bytes.subspan(place));
  }
  return owner;
}

void follow(MessageFrames& frames, Bytes bytes) {
  while (!bytes.empty()) bytes = bytes.subspan(frames.follow(bytes));
}

} // namespace

ReadAhead::ReadAhead(int fd, const MessageFrames& received) : fd_{fd}, frames_{received} {
  if (fd_ < 0) return;
  auto place = static_cast<std::size_t>(fd_);
  if (by_descriptor.size() <= place) by_descriptor.resize(place + 1);
  by_descriptor[place] = this;
}

void ReadAhead::end() {
  if (fd_ < 0) return;
  if (of(fd_) == this) by_descriptor[static_cast<std::size_t>(fd_)] = nullptr;
  fd_ = -1;
  kept_.clear();
  taken_ = 0;
  close_descriptors();
}

void ReadAhead::close_descriptors() {
  for (int descriptor : descriptors_) ::close(descriptor);
  descriptors_.clear();
}

ReadAhead* ReadAhead::of(int fd) {
  auto place = static_cast<std::size_t>(fd);
  return fd >= 0 && place < by_descriptor.size() ? by_descriptor[place] : nullptr;
}

bool ReadAhead::has_bytes(int fd) {
  const auto* found = of(fd);
  return found != nullptr && found->bytes() > 0;
}

ssize_t ReadAhead::read(int fd, msghdr& message, int flags) {
  auto* ahead = of(fd);
  if (ahead == nullptr || message.msg_iovlen != 1 || (flags & MSG_PEEK) != 0) return read_at_once(fd, message, flags);
  return ahead->take(message, flags);
}

ssize_t ReadAhead::take(msghdr& message, int flags) {
  if (bytes() > 0) return hand_on(message);
  if (std::exchange(drained_, false) && (flags & MSG_DONTWAIT) != 0) return fail(EAGAIN);
  return read_from_kernel(message, flags);
}

ssize_t ReadAhead::hand_on(msghdr& message) {
  auto size = std::min(message.msg_iov->iov_len, bytes());
  auto room_for_control = message.msg_controllen;
  std::memcpy(message.msg_iov->iov_base, kept_.data() + taken_, size);
  message.msg_controllen = 0;
  message.msg_namelen = 0;
  message.msg_flags = 0;
  taken_ += size;
  if (!descriptors_.empty() && place_of_descriptors_ < taken_) {
    if (put(descriptors_, message, room_for_control)) descriptors_.clear();
    else close_descriptors();
  }
  if (taken_ == kept_.size()) {
    kept_.clear();
    taken_ = 0;
    if (kept_.capacity() > capacity_left) std::string{}.swap(kept_);
  }
  return static_cast<ssize_t>(size);
}

ssize_t ReadAhead::read_from_kernel(msghdr& message, int flags) {
  iovec* asked = message.msg_iov;
  std::array<iovec, 2> parts{*asked, iovec{.iov_base = room.data(), .iov_len = room.size()}};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  auto received = read_at_once(fd_, message, flags);
  message.msg_iov = asked;
  message.msg_iovlen = 1;
  if (received <= 0) return received;
  InputCount::note();
  auto size = static_cast<std::size_t>(received);
  drained_ = size < asked->iov_len + room.size() && message.msg_controllen == 0;
  auto given = std::min(size, asked->iov_len);
  keep({static_cast<const unsigned char*>(asked->iov_base), given}, {room.data(), size - given}, message);
  return static_cast<ssize_t>(given);
}

// The library has asked for the first of these bytes, and not for more.
void ReadAhead::keep(Bytes asked, Bytes more, msghdr& message) {
  if (!more.empty() && message.msg_controllen > 0) {
    std::string all{asked.begin(), asked.end()};
    all.append(more.begin(), more.end());
    auto owner = owner_of_descriptors(frames_, {reinterpret_cast<const unsigned char*>(all.data()), all.size()});
    if (owner && *owner >= asked.size()) {
      descriptors_ = descriptors_in(message);
      place_of_descriptors_ = *owner - asked.size();
      message.msg_controllen = 0;
    }
  }
  follow(frames_, asked);
  follow(frames_, more);
  kept_.assign(more.begin(), more.end());
}

} // namespace upstart::base

// Stands before the C library's for the whole program, and does the same where nothing is read ahead.
extern "C" ssize_t recvmsg(int socket, msghdr* message, int flags) {
  auto received = upstart::base::ReadAhead::read(socket, *message, flags);
  if (received > 0) upstart::base::DescriptorAudit::tell(*message, static_cast<std::size_t>(received));
  return received;
}
