// Descriptors that come with malformed messages. sd-bus drops a message that is malformed, and forgets the descriptors
// that came with it: they stay open until the process ends. So this looks at what the library receives, since
// read-ahead.cpp puts a recvmsg before that of the C library: it follows where each message ends, and knows which
// descriptors a message brought. A message that is well-formed is seen by the connection's filter before the next one
// is read; one that is not seen by then was dropped, and what it brought is closed.
//
// For connections that a client has made, from their first byte on, and on which this side calls no methods: an answer
// to a call does not pass the filter.
#pragma once

#include "daemons/base/guards/message-frames.hpp"

#include <sys/socket.h>

#include <cstddef>
#include <span>
#include <vector>

namespace upstart::base {

class DescriptorAudit {
public:
  // While this lives, what is received is looked at for `audit`, which may be null.
  class Watch {
  public:
    explicit Watch(DescriptorAudit* audit);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();
  };

  // A message has passed the filter, and owns what it brought.
  void seen() { brought_.clear(); }
  // After the library has returned without an error: whether a malformed message brought descriptors. They are closed.
  [[nodiscard]] bool close_forgotten();

  // Of all that has been received.
  [[nodiscard]] const MessageFrames& frames() const { return frames_; }

  // Bytes and descriptors as recvmsg returned them, to whoever watches.
  static void tell(const msghdr& message, std::size_t bytes);

private:
  void received(const msghdr& message, std::size_t bytes);
  void take(std::span<const unsigned char> bytes);
  [[nodiscard]] std::span<const unsigned char> after_handshake(std::span<const unsigned char> bytes);
  void begin_message();
  void forgotten();

  std::size_t handshake_end_ = 0; // as many bytes of "BEGIN\r\n" have come last; all of it: messages follow
  MessageFrames frames_;          // lost where it is no D-Bus message: the library hangs up
  std::vector<int> arriving_;     // with the message that is being received
  std::vector<int> brought_;      // by the message that was received last, and was not seen yet
  bool closed_some_ = false;
};

} // namespace upstart::base
