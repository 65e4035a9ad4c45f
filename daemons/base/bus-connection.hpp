// A D-Bus connection on the event loop: an sdbus-c++ connection over an sd_bus that is already authenticated, whose
// messages are processed as they come. Everything that may wait (connecting, authenticating) happens before, on the
// loop, in `Handshake`: a peer that connects and says nothing holds up nobody.
//
// The owner may destroy a connection at any time but from within a message handler of that very connection; the
// disconnect callback is a good place, since it comes from the loop. What could not be written by then, because the
// other end did not read, is dropped. What is sent leaves when the messages that have come are handled, or before the
// loop waits (guards/gathered-output.hpp), or the library does; what has come is read at once (guards/read-ahead.hpp).
//
// A connection to one of many clients, or to a bus (`serve_client`), never costs more than a bound: while much waits to
// be written to it no call of it is read, a peer that does not read what nobody asked for is cut off, it gets short
// turns, and it costs nothing while it is idle. More than twenty methods: all that the library's connection lacks is
// here, in a line or two each; what needs state of its own is in guards/.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/guards/bus-allowance.hpp"
#include "daemons/base/guards/bus-callers.hpp"
#include "daemons/base/guards/descriptor-audit.hpp"
#include "daemons/base/guards/gathered-output.hpp"
#include "daemons/base/guards/read-ahead.hpp"
#include "daemons/base/guards/unwritten.hpp"

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace upstart::base {

class BusConnection {
public:
  // Takes over a ready sd_bus (see Handshake). `peer` is who is at the other end of a direct connection; nothing
  // where a bus daemon is between. `received`: the messages that have come with the handshake.
  BusConnection(EventLoop& loop, sd_bus* ready, std::optional<Caller> peer, const MessageFrames& received = {});
  BusConnection(const BusConnection&) = delete;
  BusConnection& operator=(const BusConnection&) = delete;
  ~BusConnection();

  // The connection to register objects and proxies on. Destroy those before this.
  [[nodiscard]] sdbus::IConnection& sdbus() { return *connection_; }
  // The same connection for what sdbus-c++ does not offer (filters, fallback handlers, enumerators).
  [[nodiscard]] sd_bus* raw() { return bus_; }
  [[nodiscard]] bool is_peer() const { return peer_.has_value(); }

  // Something that is to live as long as this.
  void keep(std::shared_ptr<void> something) { kept_ = std::move(something); }

  // Called once, from the loop, when the other end has gone.
  void on_disconnected(std::function<void()> action) { disconnected_ = std::move(action); }

  // From now on the other end is one of many clients, or a bus with many behind it. The owner calls no methods on it,
  // has a filter that asks `takes` about each method call, and calls `has_sent` after it has sent something other than
  // the answer to a call under way.
  void serve_client();
  void has_sent() { before_waiting_.resume(); }
  // For the filter of a client, for every message: false where it is a method call that is not to be looked at. It is
  // answered, or comes again when the bus has said who the caller is; the filter returns 1.
  [[nodiscard]] bool takes(sd_bus_message* message);

  // Who sent this message. On a bus the caller of a method is known when the object is called: the bus is asked before,
  // and nobody waits for it (see BusCallers); a sender that has gone by then is nobody (uid -1).
  [[nodiscard]] Caller caller_of(const sdbus::Message& message) const { return caller_named(message.getSender()); }
  [[nodiscard]] Caller caller_of(sd_bus_message* message) const {
    return caller_named(sd_bus_message_get_sender(message));
  }

  // Sends what nobody has asked for, such as a signal. Where too much waits to be written, a peer is cut off, and a bus
  // misses it. `bytes`: about the size of the message. The error is the reason why it cannot be sent for itself; that
  // the other end has just hung up is none.
  std::optional<std::string> send_unasked(sd_bus_message* message, std::size_t bytes);
  // A large answer is about to be sent to the call under way: it counts among what waits to be written, and on a bus
  // among what its caller has unread.
  void note_answer(std::size_t bytes);
  // Of a peer: the bytes that it has been sent and has not read, as the kernel counts them.
  [[nodiscard]] std::size_t unread_bytes() const;
  // Something has come that was not handled yet.
  [[nodiscard]] bool has_input() const;
  // Why this side has cut the connection off; null where the other end has gone by itself.
  [[nodiscard]] const char* cut_off_because() const { return cut_off_because_; }
  // How many messages wait since the other end does not read, beside those that a turn of the loop gathers.
  [[nodiscard]] std::uint64_t waiting_messages() const { return unwritten_.messages(); }
  [[nodiscard]] std::optional<Caller> peer() const { return peer_; }

private:
  friend class Handshake; // hands over the audit that it has begun
  [[nodiscard]] Caller caller_named(const char* sender) const;
  [[nodiscard]] bool does_not_read() { return serves_client_ && unwritten_.much(); }
  void hold_calls_of_unknown_callers();
  void process();
  void process_soon();
  void handle_messages();
  [[nodiscard]] int process_one();
  void before_waiting();
  void cut_off(const char* why);
  void lost();

  EventLoop& loop_;
  sd_bus* bus_;
  std::unique_ptr<sdbus::IConnection> connection_;
  std::optional<Caller> peer_;
  std::shared_ptr<void> kept_;
  Unwritten unwritten_;
  std::optional<BusCallers> callers_;     // on a bus
  std::optional<BusAllowance> allowance_; // of the callers, on a bus
  std::optional<DescriptorAudit> audit_;  // of a client on a direct connection
  std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)> filter_{nullptr, sd_bus_slot_unref};
  std::function<void()> disconnected_;
  FdWatcher watcher_;
  Timer timer_;
  BeforeWaiting before_waiting_;
  GatheredOutput output_;
  ReadAhead input_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  const char* cut_off_because_ = nullptr;
  bool serves_client_ = false, lost_ = false;
};

// Whether this is how the library says that the other end has gone.
[[nodiscard]] bool is_hang_up(const sdbus::Error& error);

// Sends something on a connection that may just have been hung up on: that is not the sender's error, and
// `on_disconnected` tells it to whoever owns the connection. Any other reason why it cannot be sent is the answer.
template <typename Send> [[nodiscard]] std::optional<std::string> send_if_connected(Send&& send) {
  try {
    std::forward<Send>(send)();
  } catch (const sdbus::Error& error) {
    if (!is_hang_up(error)) return error.getMessage();
  }
  return std::nullopt;
}

// A connection on its way: connects and authenticates on the loop, then answers once. Destroy it to give up.
class Handshake {
public:
  using Done = std::function<void(std::expected<std::unique_ptr<BusConnection>, std::string>)>;

  // To a bus daemon at this D-Bus address.
  static std::unique_ptr<Handshake> to_bus(EventLoop& loop, const std::string& address, Done done);
  // To a peer-to-peer server at this D-Bus address.
  static std::unique_ptr<Handshake> to_peer(EventLoop& loop, const std::string& address, Done done);
  // From a client that was accepted on a listening socket.
  static std::unique_ptr<Handshake> from_client(EventLoop& loop, FileDescriptor accepted, Done done);

  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;
  ~Handshake();

  // That is why there is no connection.
  [[nodiscard]] bool out_of_descriptors() const { return out_of_descriptors_; }

private:
  Handshake(EventLoop& loop, std::optional<Caller> peer, bool direct, Done done);
  [[nodiscard]] int process();
  void begin(int error);
  void step();
  std::expected<std::unique_ptr<BusConnection>, std::string> connection();
  void finish(std::expected<std::unique_ptr<BusConnection>, std::string> outcome);

  EventLoop& loop_;
  sd_bus* bus_ = nullptr;
  std::optional<Caller> peer_;
  std::optional<DescriptorAudit> audit_;
  bool direct_;
  bool out_of_descriptors_ = false;
  Done done_;
  std::unique_ptr<FdWatcher> watcher_;
  Timer time_out_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// How long a handshake may take.
inline constexpr std::chrono::milliseconds handshake_limit{10'000};

} // namespace upstart::base
