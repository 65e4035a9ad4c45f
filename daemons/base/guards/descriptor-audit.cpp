#include "daemons/base/guards/descriptor-audit.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace upstart::base {

namespace {

// The process has one thread that receives.
DescriptorAudit* watching = nullptr;

// What ends the handshake.
constexpr std::string_view begin = "BEGIN\r\n";

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
  while (!frames_.lost() && !bytes.empty()) {
    begin_message();
    bytes = bytes.subspan(frames_.follow(bytes));
    if (frames_.at_begin()) brought_ = std::exchange(arriving_, {});
  }
}

void DescriptorAudit::begin_message() {
  if (frames_.at_begin()) forgotten();
}

void DescriptorAudit::forgotten() {
  for (int descriptor : brought_) ::close(descriptor);
  closed_some_ |= !brought_.empty();
  brought_.clear();
}

} // namespace upstart::base
