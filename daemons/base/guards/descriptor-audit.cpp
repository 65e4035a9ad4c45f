#include "daemons/base/guards/descriptor-audit.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace upstart::base {

namespace {

// The process has one thread that receives.
DescriptorAudit* watching = nullptr;

std::uint32_t number_at(const unsigned char* bytes, bool little) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= std::uint32_t{bytes[i]} << (8 * (little ? i : 3 - i));
  return value;
}

// What ends the handshake.
constexpr std::string_view begin = "BEGIN\r\n";

// Of a whole message, from its first sixteen bytes; 0 where they begin none.
std::size_t size_of_message(const std::array<unsigned char, 16>& header) {
  if (header[0] != 'l' && header[0] != 'B') return 0;
  bool little = header[0] == 'l';
  std::size_t body = number_at(&header[4], little), fields = number_at(&header[12], little);
  return header.size() + (fields + 7) / 8 * 8 + body;
}

} // namespace

DescriptorAudit::Watch::Watch(DescriptorAudit* audit) { watching = audit; }
DescriptorAudit::Watch::~Watch() { watching = nullptr; }

void DescriptorAudit::tell(const msghdr& message, std::size_t bytes) {
  if (watching != nullptr) watching->received(message, bytes);
}

bool DescriptorAudit::close_forgotten() {
  forgotten();
  return std::exchange(closed_some_, false);
}

void DescriptorAudit::received(const msghdr& message, std::size_t bytes) {
  begin_message();
  bool in_handshake = handshake_end_ < begin.size(); // the library takes no descriptors in it, and hangs up
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr && !in_handshake;
       part = CMSG_NXTHDR(const_cast<msghdr*>(&message), part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    auto had = arriving_.size();
    arriving_.resize(had + (part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(arriving_.data() + had, CMSG_DATA(part), part->cmsg_len - CMSG_LEN(0));
  }
  for (std::size_t i = 0; i < message.msg_iovlen && bytes > 0; ++i) {
    auto here = std::min(bytes, message.msg_iov[i].iov_len);
    take({static_cast<const unsigned char*>(message.msg_iov[i].iov_base), here});
    bytes -= here;
  }
}

std::span<const unsigned char> DescriptorAudit::after_handshake(std::span<const unsigned char> bytes) {
  while (!bytes.empty() && handshake_end_ < begin.size()) {
    auto byte = static_cast<char>(bytes.front());
    bytes = bytes.subspan(1);
    if (byte == begin[handshake_end_]) ++handshake_end_;
    else handshake_end_ = byte == begin.front() ? 1 : 0;
  }
  return bytes;
}

// Within a message the library receives no byte beyond its end; with the end of the handshake any number of messages
// may come, and none of them brings descriptors.
void DescriptorAudit::take(std::span<const unsigned char> bytes) {
  bytes = after_handshake(bytes);
  while (size_ != 0 && !bytes.empty()) {
    begin_message();
    auto here = std::min(bytes.size(), size_ - position_);
    if (position_ < header_size)
      std::copy_n(bytes.begin(), here, header_.begin() + static_cast<std::ptrdiff_t>(position_));
    position_ += here;
    bytes = bytes.subspan(here);
    if (position_ == header_size && size_ == header_size) size_ = size_of_message(header_);
    if (size_ != 0 && position_ >= size_) brought_ = std::exchange(arriving_, {});
  }
}

void DescriptorAudit::begin_message() {
  if (size_ == 0 || position_ < size_) return;
  forgotten();
  position_ = 0;
  size_ = header_size;
}

void DescriptorAudit::forgotten() {
  for (int descriptor : brought_) ::close(descriptor);
  closed_some_ |= !brought_.empty();
  brought_.clear();
}

} // namespace upstart::base

// Stands before the C library's for the whole program, and does the same.
extern "C" ssize_t recvmsg(int socket, msghdr* message, int flags) {
  auto received = ::syscall(SYS_recvmsg, socket, message, flags);
  if (received > 0) upstart::base::DescriptorAudit::tell(*message, static_cast<std::size_t>(received));
  return received;
}
