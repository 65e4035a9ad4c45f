// What is read from a connection in one system call. sd-bus reads each message with two, its header and the rest, and
// finds with a third that there is no other. So read-ahead.cpp puts a recvmsg before that of the C library: where the
// library reads from a descriptor that has a ReadAhead, all that has come is read, and what the library has not asked
// for is kept until it does. Owned by the connection, which must not wait for its descriptor while something is kept:
// no descriptor tells of that.
//
// Descriptors belong to the message that they were sent with. The kernel ends a read behind the bytes that descriptors
// came with; so they are those of the last message that begins within that read, unless one before it says in its
// header that it has some. They are handed on with that message's first byte.
#pragma once

#include "daemons/base/guards/message-frames.hpp"

#include <sys/socket.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace upstart::base {

class ReadAhead {
public:
  // Reads ahead from this descriptor from now on. `received`: what had come from it by then.
  explicit ReadAhead(int fd, const MessageFrames& received = {});
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() { end(); }

  // Bytes that have been read, and that the library has not asked for.
  [[nodiscard]] std::size_t bytes() const { return kept_.size() - taken_; }
  // Nothing is read ahead any more, and what is kept is dropped; to be called before the descriptor is closed. May be
  // called again.
  void end();

  // The library's recvmsg, on any descriptor.
  static ssize_t read(int fd, msghdr& message, int flags);
  // Whether one of these has bytes that are kept.
  [[nodiscard]] static bool has_bytes(int fd);

private:
  [[nodiscard]] static ReadAhead* of(int fd);
  ssize_t take(msghdr& message, int flags);
  ssize_t hand_on(msghdr& message);
  ssize_t read_from_kernel(msghdr& message, int flags);
  void keep(std::span<const unsigned char> asked, std::span<const unsigned char> more, msghdr& message);
  void close_descriptors();

  int fd_; // -1: has ended
  std::string kept_;
  std::size_t taken_ = 0; // of what is kept
  std::vector<int> descriptors_;
  std::size_t place_of_descriptors_ = 0; // the byte of what is kept that they go with
  MessageFrames frames_;                 // of all that has come from the kernel
  bool drained_ = false;                 // nothing had been left when this was read last
};

} // namespace upstart::base
