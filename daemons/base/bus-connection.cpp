#include "daemons/base/bus-connection.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace upstart::base {

namespace {

// As many messages of one connection as are handled before the others get their turn.
constexpr int turn = 64;
constexpr std::size_t most_known_callers = 1024;

unsigned loop_events(int poll_events) {
  return ((poll_events & POLLIN) != 0 ? FdWatcher::readable : 0U) |
         ((poll_events & POLLOUT) != 0 ? FdWatcher::writable : 0U);
}

std::optional<Caller> caller_of_socket(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) return std::nullopt;
  return Caller{.uid = credentials.uid, .pid = credentials.pid};
}

// A connection of sdbus-c++ takes a few descriptors more, and cannot be undone halfway.
[[nodiscard]] bool descriptors_left() {
  constexpr std::size_t needed = 4;
  std::array<FileDescriptor, needed> tried;
  return std::ranges::all_of(tried, [](FileDescriptor& one) {
    one = FileDescriptor{::eventfd(0, EFD_CLOEXEC)};
    return static_cast<bool>(one);
  });
}

} // namespace

BusConnection::BusConnection(EventLoop& loop, sd_bus* ready, std::optional<Caller> peer)
    : loop_{loop},
      bus_{ready},
      connection_{sdbus::createBusConnection(ready)},
      peer_{peer},
      watcher_{loop, sd_bus_get_fd(ready), [this](unsigned) { process(); }},
      timer_{loop, [this] { process(); }},
      before_waiting_{loop, [this] { before_waiting(); }} {
  // A caller waits as long as the job takes (dbus-api.md).
  sd_bus_set_method_call_timeout(bus_, std::numeric_limits<std::uint64_t>::max());
  // The first message may have come together with the end of the handshake: no descriptor will tell of it.
  loop_.defer([this, alive = alive_] {
    if (*alive) process();
  });
}

// Closed before sdbus-c++ does it, which would wait until the other end has read everything: one that does not read
// must not hold us up. Whatever there was room for has been written long ago.
BusConnection::~BusConnection() {
  *alive_ = false;
  watcher_.watch(0);
  sd_bus_close(bus_);
}

void BusConnection::process() {
  if (lost_) return;
  auto alive = alive_;
  for (int i = 0; i < turn; ++i) {
    int result = sd_bus_process(bus_, nullptr);
    if (!*alive) return;
    if (result < 0) return lost();
    if (result == 0) return;
  }
}

void BusConnection::before_waiting() {
  if (lost_) return;
  int events = sd_bus_get_events(bus_);
  std::uint64_t due = 0;
  if (events < 0 || sd_bus_get_timeout(bus_, &due) < 0) return lost();
  watcher_.watch(loop_events(events));
  if (due == std::numeric_limits<std::uint64_t>::max()) {
    if (timer_.active()) timer_.stop();
    return;
  }
  std::uint64_t now = uv_hrtime() / 1000;
  timer_.start(std::chrono::milliseconds{due <= now ? 0 : static_cast<std::int64_t>((due - now + 999) / 1000)});
}

void BusConnection::lost() {
  lost_ = true;
  watcher_.watch(0);
  timer_.stop();
  loop_.defer([this, alive = alive_] {
    if (*alive && disconnected_) std::exchange(disconnected_, nullptr)();
  });
}

Caller BusConnection::caller_named(const char* sender) {
  if (peer_) return *peer_;
  if (sender == nullptr) return {};
  if (auto known = callers_.find(std::string_view{sender}); known != callers_.end()) return known->second;
  Caller caller;
  sd_bus_creds* credentials = nullptr;
  if (sd_bus_get_name_creds(bus_, sender, SD_BUS_CREDS_EUID | SD_BUS_CREDS_PID, &credentials) >= 0) {
    sd_bus_creds_get_euid(credentials, &caller.uid);
    sd_bus_creds_get_pid(credentials, &caller.pid);
    sd_bus_creds_unref(credentials);
    if (callers_.size() >= most_known_callers) callers_.clear();
    callers_.emplace(sender, caller); // unique names are never used again
  }
  return caller;
}

bool is_hang_up(const sdbus::Error& error) {
  sd_bus_error named = SD_BUS_ERROR_MAKE_CONST(error.getName().c_str(), "");
  int why = sd_bus_error_get_errno(&named);
  return why == ENOTCONN || why == ECONNRESET || why == EPIPE || why == ESHUTDOWN;
}

Handshake::Handshake(EventLoop& loop, std::optional<Caller> peer, bool direct, Done done)
    : loop_{loop},
      peer_{peer},
      direct_{direct},
      done_{std::move(done)},
      time_out_{loop, [this] { finish(std::unexpected("no answer within 10 seconds")); }} {
  sd_bus_new(&bus_);
}

Handshake::~Handshake() {
  *alive_ = false;
  watcher_.reset();
  if (bus_ != nullptr) sd_bus_close_unref(bus_);
}

std::unique_ptr<Handshake> Handshake::to_bus(EventLoop& loop, const std::string& address, Done done) {
  std::unique_ptr<Handshake> handshake{new Handshake(loop, std::nullopt, false, std::move(done))};
  int error = sd_bus_set_address(handshake->bus_, address.c_str());
  if (error >= 0) error = sd_bus_set_bus_client(handshake->bus_, 1);
  handshake->begin(error);
  return handshake;
}

std::unique_ptr<Handshake> Handshake::to_peer(EventLoop& loop, const std::string& address, Done done) {
  std::unique_ptr<Handshake> handshake{new Handshake(loop, std::nullopt, true, std::move(done))};
  handshake->begin(sd_bus_set_address(handshake->bus_, address.c_str()));
  return handshake;
}

std::unique_ptr<Handshake> Handshake::from_client(EventLoop& loop, FileDescriptor accepted, Done done) {
  auto peer = caller_of_socket(accepted.get());
  std::unique_ptr<Handshake> handshake{new Handshake(loop, peer, true, std::move(done))};
  sd_id128_t id{};
  sd_id128_randomize(&id);
  int error = sd_bus_set_fd(handshake->bus_, accepted.get(), accepted.get());
  if (error >= 0) {
    [[maybe_unused]] int owned_by_bus = accepted.release();
    error = sd_bus_set_server(handshake->bus_, 1, id);
  }
  handshake->begin(error);
  return handshake;
}

void Handshake::begin(int error) {
  if (error >= 0) error = sd_bus_start(bus_);
  if (error < 0) {
    loop_.defer([this, error, alive = alive_] {
      if (*alive) finish(std::unexpected(std::string{std::strerror(-error)}));
    });
    return;
  }
  time_out_.start(handshake_limit);
  loop_.defer([this, alive = alive_] {
    if (*alive) step();
  });
}

void Handshake::step() {
  auto alive = alive_;
  for (;;) {
    int ready = sd_bus_is_ready(bus_);
    if (ready < 0) return finish(std::unexpected(std::string{std::strerror(-ready)}));
    if (ready > 0) {
      if (direct_ && !peer_) peer_ = caller_of_socket(sd_bus_get_fd(bus_));
      return finish(connection());
    }
    int result = sd_bus_process(bus_, nullptr);
    if (result < 0) return finish(std::unexpected(std::string{std::strerror(-result)}));
    if (result == 0 && sd_bus_is_ready(bus_) <= 0) break;
  }
  int fd = sd_bus_get_fd(bus_);
  int events = sd_bus_get_events(bus_);
  if (fd < 0 || events < 0) return finish(std::unexpected("the other end hung up"));
  if (!watcher_) watcher_ = std::make_unique<FdWatcher>(loop_, fd, [this](unsigned) { step(); });
  watcher_->watch(loop_events(events));
}

std::expected<std::unique_ptr<BusConnection>, std::string> Handshake::connection() {
  out_of_descriptors_ = !descriptors_left();
  if (out_of_descriptors_) return std::unexpected(std::string{std::strerror(EMFILE)});
  watcher_.reset();
  try {
    return std::make_unique<BusConnection>(loop_, std::exchange(bus_, nullptr),
                                           direct_ ? std::optional{peer_.value_or(Caller{})} : std::nullopt);
  } catch (const sdbus::Error& error) { return std::unexpected(error.getMessage()); }
}

void Handshake::finish(std::expected<std::unique_ptr<BusConnection>, std::string> outcome) {
  watcher_.reset();
  time_out_.stop();
  auto done = std::exchange(done_, nullptr);
  if (done) done(std::move(outcome)); // may destroy this
}

} // namespace upstart::base
