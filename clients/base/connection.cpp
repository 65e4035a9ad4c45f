#include "clients/base/connection.hpp"

#include "clients/base/plain/unix-socket.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <format>
#include <limits>
#include <ranges>

namespace upstart::client {

namespace {

std::string_view name_of(Target::Kind kind) {
  switch (kind) {
    using enum Target::Kind;
  case system_bus: return "system bus";
  case session_bus: return "session bus";
  case peer: break;
  }
  return "Upstart";
}

// Anybody can listen where an Upstart is expected: nothing is said to another user's process.
std::expected<void, std::string> check_server(int descriptor, const SocketName& socket_name) {
  auto stranger = foreign_server(descriptor, socket_name);
  if (!stranger) return {};
  return std::unexpected{std::format("socket {} is served by user {}, who is neither root nor you: not talking to it",
                                     socket_name.name, *stranger)};
}

using Bus = std::unique_ptr<sd_bus, decltype(&sd_bus_unref)>;

std::expected<void, std::string> attach(sd_bus* bus, Target::Kind kind, const std::string& address) {
  auto name = socket_of(address);
  if (!name) { // tcp, unixexec and what else sd-bus knows
    int result = sd_bus_set_address(bus, address.c_str());
    if (result < 0) return std::unexpected{std::format("Bad D-Bus address {}: {}", address, std::strerror(-result))};
    return {};
  }
  auto descriptor = connect_to(*name);
  if (!descriptor)
    return std::unexpected{
        std::format("Failed to connect to socket {}: {}", name->name, std::strerror(descriptor.error()))};
  if (kind == Target::Kind::peer)
    if (auto trusted = check_server(descriptor->get(), *name); !trusted) return trusted;
  int raw = descriptor->release();
  sd_bus_set_fd(bus, raw, raw);
  return {};
}

// Both sides have said who they are, and a bus has given us a name. The error is errno; ETIMEDOUT: not in time.
std::expected<void, int> begin_handshake(sd_bus* bus, std::chrono::milliseconds time) {
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + time;
  if (int result = sd_bus_start(bus); result < 0) return std::unexpected{-result};
  while (sd_bus_is_ready(bus) == 0) {
    int result = sd_bus_process(bus, nullptr);
    if (result < 0) return std::unexpected{-result};
    if (result > 0) continue;
    auto left = std::chrono::duration_cast<std::chrono::microseconds>(end - Clock::now()).count();
    if (left <= 0) return std::unexpected{ETIMEDOUT};
    sd_bus_wait(bus, static_cast<std::uint64_t>(left));
  }
  return {};
}

std::string handshake_failure(int error, std::chrono::milliseconds time) {
  if (error != ETIMEDOUT) return std::strerror(error);
  return std::format("no answer for {}; what listens there is stuck, or does not speak D-Bus",
                     std::chrono::duration<double>{time});
}

// What stands for the address in an error: of a socket its name alone.
std::string shown(const std::string& address) {
  auto name = socket_of(address);
  return name ? "socket " + name->name : address;
}

std::expected<Bus, std::string> start_bus_at(const std::string& address, Target::Kind kind,
                                             std::chrono::milliseconds handshake_time) {
  constexpr int most_hang_ups = 10; // daemons that die during a handshake, one after another
  for (int hang_ups = 1;; ++hang_ups) {
    sd_bus* raw = nullptr;
    if (int result = sd_bus_new(&raw); result < 0) return std::unexpected{std::string{std::strerror(-result)}};
    Bus bus{raw, &sd_bus_unref};
    sd_bus_set_bus_client(raw, kind != Target::Kind::peer);
    if (auto attached = attach(raw, kind, address); !attached) return std::unexpected{attached.error()};
    auto connected = begin_handshake(raw, handshake_time);
    if (connected) return bus;
    bool hung_up = connected.error() == ECONNRESET || connected.error() == EPIPE;
    if (!hung_up || hang_ups == most_hang_ups)
      return std::unexpected{std::format("Failed to connect to {}: {}", shown(address),
                                         handshake_failure(connected.error(), handshake_time))};
  }
}

// Of "ADDRESS;ADDRESS" the first that can be reached; the error is that of the last.
std::expected<Bus, std::string> start_bus(const Target& target, std::chrono::milliseconds handshake_time) {
  std::string why = "empty address";
  for (auto part : target.address | std::views::split(';')) {
    auto bus = start_bus_at(std::string{std::string_view{part}}, target.kind, handshake_time);
    if (bus) return bus;
    why = bus.error();
  }
  return std::unexpected{why};
}

} // namespace

bool is_listening(const std::string& address) {
  auto name = socket_of(address);
  if (!name) return true;
  auto connected = connect_to(*name, SOCK_NONBLOCK);
  if (connected) return check_server(connected->get(), *name).has_value();
  return connected.error() == EAGAIN; // more callers than it has accepted so far
}

std::expected<std::unique_ptr<Connection>, Failure> Connection::open(const Target& target,
                                                                     std::chrono::milliseconds handshake_time) {
  auto unreachable = [&](std::string_view why) {
    bool odd_session = target.kind == Target::Kind::peer && !socket_of(target.address);
    auto hint = odd_session ? "; UPSTART_SESSION holds an address such as `initctl list-sessions' shows" : "";
    return std::unexpected{Failure{std::format("Unable to connect to {}: {}{}", name_of(target.kind), why, hint), false,
                                   target.kind == Target::Kind::peer ? "" : way_to_session}};
  };
  auto bus = start_bus(target, handshake_time);
  if (!bus) return unreachable(bus.error());
  try {
    return std::unique_ptr<Connection>{new Connection{target, bus->release()}};
  } catch (const sdbus::Error& error) { return unreachable(error.getMessage()); }
}

Connection::Connection(Target target, sd_bus* bus)
    : target_{std::move(target)}, bus_{bus}, connection_{sdbus::createBusConnection(bus)} {
  sd_bus_set_method_call_timeout(bus_, std::numeric_limits<std::uint64_t>::max());
}

void Connection::handle_message() {
  while (!connection_->processPendingEvent()) sd_bus_wait(bus_, std::numeric_limits<std::uint64_t>::max());
}

bool Connection::handle_message(std::chrono::milliseconds limit) {
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + limit;
  while (!connection_->processPendingEvent()) {
    auto left = std::chrono::ceil<std::chrono::microseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    sd_bus_wait(bus_, static_cast<std::uint64_t>(left));
  }
  return true;
}

int Connection::descriptor() const { return sd_bus_get_fd(bus_); }

void Connection::handle_pending() {
  while (connection_->processPendingEvent()) {}
}

} // namespace upstart::client
