#include "daemons/base/bus-connection.hpp"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace upstart::base {

namespace {

// As many messages of one connection as are handled before the others get their turn, and the time for it.
struct Turn {
  int messages;
  std::uint64_t nanoseconds;
};
constexpr Turn long_turn{.messages = 64, .nanoseconds = 2'000'000};
constexpr Turn short_turn{.messages = 64, .nanoseconds = 1'000'000};

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

// Bytes that the kernel keeps for a client that does not read; it counts twice as many.
constexpr int kept_by_kernel = 262'144;

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

BusConnection::BusConnection(EventLoop& loop, sd_bus* ready, std::optional<Caller> peer, const MessageFrames& received)
    : loop_{loop},
      bus_{ready},
      connection_{sdbus::createBusConnection(ready)},
      peer_{peer},
      unwritten_{ready, output_},
      watcher_{loop, sd_bus_get_fd(ready), [this](unsigned) { process(); }},
      timer_{loop, [this] { process(); }},
      before_waiting_{loop, [this] { before_waiting(); }},
      output_{sd_bus_get_fd(ready), [this] { before_waiting_.resume(); }},
      input_{sd_bus_get_fd(ready), received} {
  // A caller waits as long as the job takes (dbus-api.md).
  sd_bus_set_method_call_timeout(bus_, std::numeric_limits<std::uint64_t>::max());
  if (!peer_) hold_calls_of_unknown_callers();
  // The first message may have come together with the end of the handshake: no descriptor will tell of it.
  process_soon();
}

// Closed before sdbus-c++ does it, which would wait until the other end has read everything: one that does not read
// must not hold us up. Whatever there was room for has been written long ago.
BusConnection::~BusConnection() {
  *alive_ = false;
  watcher_.watch(0);
  output_.end();
  input_.end();
  sd_bus_close(bus_);
}

void BusConnection::serve_client() {
  serves_client_ = true;
  filter_.reset(); // the client's own comes in its place
  if (!peer_) allowance_.emplace(bus_);
  // The library lets the kernel keep 16 MiB for each connection.
  else
    static_cast<void>(::setsockopt(sd_bus_get_fd(bus_), SOL_SOCKET, SO_SNDBUF, &kept_by_kernel, sizeof kept_by_kernel));
}

void BusConnection::process_soon() {
  loop_.defer([this, alive = alive_] {
    if (*alive) process();
  });
}

// As long as too much waits to be written this is called when there is room, and sd-bus writes before it reads.
void BusConnection::process() {
  if (lost_) return;
  auto alive = alive_;
  output_.flush();
  handle_messages();
  if (*alive) output_.flush();
}

void BusConnection::handle_messages() {
  auto alive = alive_;
  const auto& turn = serves_client_ ? short_turn : long_turn;
  auto end = uv_hrtime() + turn.nanoseconds;
  before_waiting_.resume();
  for (int handled = 1;; ++handled) {
    int result = process_one();
    if (!*alive || lost_ || result == 0) return;
    if (result < 0) return lost();
    bool turn_is_over = handled >= turn.messages || does_not_read() || uv_hrtime() > end;
    // A connection that is closing is followed to its end: the library closes the descriptor that is watched here.
    bool is_closing = sd_bus_is_open(bus_) <= 0;
    if (!is_closing && turn_is_over) return;
    if (!is_closing) continue;
    output_.end();
    input_.end();
  }
}

int BusConnection::process_one() {
  if (!audit_ || !serves_client_) return sd_bus_process(bus_, nullptr);
  auto alive = alive_;
  DescriptorAudit::Watch watch{&*audit_};
  int result = sd_bus_process(bus_, nullptr);
  if (*alive && result >= 0 && audit_->close_forgotten()) cut_off("has sent descriptors with a malformed message");
  return result;
}

void BusConnection::before_waiting() {
  if (lost_) return;
  output_.flush();
  int events = sd_bus_get_events(bus_);
  std::uint64_t due = 0;
  if (events < 0 || sd_bus_get_timeout(bus_, &due) < 0) return lost();
  unwritten_.look(std::chrono::steady_clock::now());
  if (does_not_read()) {
    events = POLLOUT;
    due = std::numeric_limits<std::uint64_t>::max();
  } else if (input_.bytes() > 0) {
    process_soon(); // the turn was over
  }
  if (output_.waits_for_room()) events |= POLLOUT;
  watcher_.watch(loop_events(events));
  if (serves_client_) before_waiting_.pause();
  if (due == std::numeric_limits<std::uint64_t>::max()) {
    if (timer_.active()) timer_.stop();
    return;
  }
  std::uint64_t now = uv_hrtime() / 1000;
  timer_.start(std::chrono::milliseconds{due <= now ? 0 : static_cast<std::int64_t>((due - now + 999) / 1000)});
}

void BusConnection::cut_off(const char* why) {
  cut_off_because_ = why;
  lost();
}

void BusConnection::lost() {
  lost_ = true;
  output_.end();
  input_.end();
  watcher_.watch(0);
  timer_.stop();
  loop_.defer([this, alive = alive_] {
    if (*alive && disconnected_) std::exchange(disconnected_, nullptr)();
  });
}

Caller BusConnection::caller_named(const char* sender) const {
  if (peer_) return *peer_;
  const auto* known = sender != nullptr ? callers_->find(sender) : nullptr;
  return known != nullptr ? *known : Caller{};
}

void BusConnection::hold_calls_of_unknown_callers() {
  callers_.emplace(bus_);
  sd_bus_slot* slot = nullptr;
  sd_bus_add_filter(
      bus_, &slot,
      [](sd_bus_message* message, void* self, sd_bus_error*) {
        return static_cast<BusConnection*>(self)->callers_->hold(message) ? 1 : 0;
      },
      this);
  filter_.reset(slot);
}

bool BusConnection::takes(sd_bus_message* message) {
  if (audit_) audit_->seen();
  if (callers_ && callers_->hold(message)) return false;
  const char* sender = sd_bus_message_get_sender(message);
  std::uint8_t type = 0;
  bool is_call = sd_bus_message_get_type(message, &type) >= 0 && type == SD_BUS_MESSAGE_METHOD_CALL;
  if (!allowance_ || sender == nullptr || !is_call) return true;
  auto verdict = allowance_->call(sender, caller_named(sender).uid);
  if (verdict == BusAllowance::Verdict::refuse) {
    sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                 "Too many answers wait for you to be read: read them first");
    sd_bus_reply_method_error(message, &error);
  }
  return verdict == BusAllowance::Verdict::answer;
}

void BusConnection::note_answer(std::size_t bytes) {
  unwritten_.note(bytes);
  auto* call = allowance_ ? sd_bus_get_current_message(bus_) : nullptr;
  const char* sender = call != nullptr ? sd_bus_message_get_sender(call) : nullptr;
  if (sender != nullptr) allowance_->charge(sender, bytes);
}

std::optional<std::string> BusConnection::send_unasked(sd_bus_message* message, std::size_t bytes) {
  if (lost_) return std::nullopt;
  if (unwritten_.too_much()) {
    if (peer_) cut_off("does not read the signals that it is sent");
    return std::nullopt;
  }
  unwritten_.note(bytes);
  int error = sd_bus_send(bus_, message, nullptr);
  has_sent();
  bool hung_up = error == -ENOTCONN || error == -ECONNRESET || error == -EPIPE || error == -ESHUTDOWN;
  return error >= 0 || hung_up ? std::nullopt : std::optional<std::string>{std::strerror(-error)};
}

std::size_t BusConnection::unread_bytes() const {
  int unread = 0;
  return ::ioctl(sd_bus_get_fd(bus_), SIOCOUTQ, &unread) < 0 ? 0 : static_cast<std::size_t>(unread);
}

bool BusConnection::has_input() const {
  std::uint64_t queued = 0;
  int unread = 0;
  return input_.bytes() > 0 || sd_bus_get_n_queued_read(bus_, &queued) < 0 || queued > 0 ||
         ::ioctl(sd_bus_get_fd(bus_), FIONREAD, &unread) < 0 || unread > 0;
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
  handshake->audit_.emplace();
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
    int result = process();
    if (result < 0) return finish(std::unexpected(std::string{std::strerror(-result)}));
    if (result == 0 && sd_bus_is_ready(bus_) <= 0) break;
  }
  int fd = sd_bus_get_fd(bus_);
  int events = sd_bus_get_events(bus_);
  if (fd < 0 || events < 0) return finish(std::unexpected("the other end hung up"));
  if (!watcher_) watcher_ = std::make_unique<FdWatcher>(loop_, fd, [this](unsigned) { step(); });
  watcher_->watch(loop_events(events));
}

int Handshake::process() {
  DescriptorAudit::Watch watch{audit_ ? &*audit_ : nullptr};
  return sd_bus_process(bus_, nullptr);
}

std::expected<std::unique_ptr<BusConnection>, std::string> Handshake::connection() {
  out_of_descriptors_ = !descriptors_left();
  if (out_of_descriptors_) return std::unexpected(std::string{std::strerror(EMFILE)});
  watcher_.reset();
  try {
    auto connection = std::make_unique<BusConnection>(loop_, std::exchange(bus_, nullptr),
                                                      direct_ ? std::optional{peer_.value_or(Caller{})} : std::nullopt,
                                                      audit_ ? audit_->frames() : MessageFrames{});
    connection->audit_ = std::move(audit_);
    return connection;
  } catch (const sdbus::Error& error) { return std::unexpected(error.getMessage()); }
}

void Handshake::finish(std::expected<std::unique_ptr<BusConnection>, std::string> outcome) {
  watcher_.reset();
  time_out_.stop();
  auto done = std::exchange(done_, nullptr);
  if (done) done(std::move(outcome)); // may destroy this
}

} // namespace upstart::base
