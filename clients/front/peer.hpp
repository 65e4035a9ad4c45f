// The conversation with an Upstart over its private socket: calls go out together with the handshake, in one write, so
// that the first answers are there after one round trip.
//
// Nothing is explained here: whatever goes otherwise than hoped for (nobody listens, another user does, the connection
// breaks, nothing is said for a second in the handshake) is an answer that does not come, and the full program's to
// deal with.
#pragma once

#include "clients/base/plain/unix-socket.hpp"
#include "clients/front/message.hpp"

namespace upstart::client::front {

class Peer {
public:
  // The address of one Unix socket.
  [[nodiscard]] static std::optional<Peer> connect(std::string_view address);

  // Sent with the next `answer`. The serial of the call.
  std::uint32_t ask(const Call& call);
  // Waits for it as long as it takes; an answer is given once.
  [[nodiscard]] std::optional<Reply> answer(std::uint32_t serial);

private:
  explicit Peer(base::FileDescriptor socket);

  [[nodiscard]] bool send_all();
  [[nodiscard]] bool receive();
  // Takes the line of the handshake from what has been received; false: it is not there, or means refusal.
  [[nodiscard]] bool shake_hands();
  [[nodiscard]] std::optional<Reply> next_reply();

  base::FileDescriptor socket_;
  std::string outgoing_, received_;
  std::vector<Reply> early_; // answers to other calls than the one that was waited for
  std::uint32_t last_serial_ = 0;
  bool accepted_ = false;
};

} // namespace upstart::client::front
