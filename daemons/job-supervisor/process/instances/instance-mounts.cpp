#include "daemons/job-supervisor/process/instances/instance-mounts.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <format>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

// A copy of what lies in the socket.
FileDescriptor peek(int socket) {
  char byte = 0;
  int fd = -1;
  iovec part{&byte, 1};
  alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0) return {};
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof fd)) return {};
  std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
  return FileDescriptor{fd};
}

FileDescriptor open_namespace(const std::string& process) {
  return FileDescriptor{::open(std::format("/proc/{}/ns/mnt", process).c_str(), O_RDONLY | O_CLOEXEC)};
}

bool is_same(const FileDescriptor& left, const FileDescriptor& right) {
  struct stat one{}, other{};
  return ::fstat(left.get(), &one) == 0 && ::fstat(right.get(), &other) == 0 && one.st_ino == other.st_ino &&
         one.st_dev == other.st_dev;
}

} // namespace

FileDescriptor InstanceMounts::find() const {
  FileDescriptor found = socket_ ? peek(socket_.get()) : FileDescriptor{};
  return found || !of_process_ ? std::move(found) : of_process_.duplicate();
}

std::expected<FileDescriptor, int> InstanceMounts::begin(KeptDescriptors& kept) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return std::unexpected{errno};
  socket_ = FileDescriptor{ends[0]};
  keeping_ = kept.keep(socket_.get());
  return FileDescriptor{ends[1]};
}

void InstanceMounts::take_from(pid_t process) {
  auto found = open_namespace(std::to_string(process));
  if (found && !is_same(found, open_namespace("self"))) of_process_ = std::move(found);
}

void InstanceMounts::restore(KeptDescriptor kept) {
  socket_ = std::move(kept.fd);
  keeping_ = std::move(kept.keeping);
}

} // namespace upstart::supervisor
