#include "clients/base/reconnection.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <thread>

namespace upstart::client {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds lasting{100}; // a connection of this age has shown that the daemon works
constexpr milliseconds first_pause{10}, longest_pause{500};
constexpr std::chrono::seconds before_notice{1}; // without a connection, until the user is told

} // namespace

std::expected<std::unique_ptr<Connection>, Failure> Reconnection::connect_again(const Target& target) {
  begin();
  ++times_;
  for (;; pause()) {
    auto now = Clock::now();
    if (now - lost_ > timeout) return std::unexpected{went_away()};
    if (!is_told_ && now - lost_ >= before_notice) {
      is_told_ = true;
      context_.err << std::format("{}: the connection to Upstart was lost; it is tried again for {} seconds\n",
                                  context_.program, timeout.count())
                   << std::flush;
    }
    auto time = std::chrono::duration_cast<milliseconds>(lost_ + (is_told_ ? timeout : before_notice) - now);
    auto connection = Connection::open(target, std::max(time, first_pause));
    if (!connection && target.kind == Target::Kind::peer && !is_listening(target.address))
      return std::unexpected{went_away()};
    if (!connection) continue;
    connected_ = Clock::now();
    return connection;
  }
}

void Reconnection::begin() {
  if (times_ == 0 || Clock::now() - connected_ >= lasting) {
    lost_ = Clock::now();
    pause_ = {};
    is_told_ = false;
  } else {
    pause();
  }
}

void Reconnection::pause() {
  std::this_thread::sleep_for(pause_);
  pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
}

bool is_lost(const sdbus::Error& error) {
  constexpr std::array names{"org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Disconnected",
                             "System.Error.ECONNRESET", "System.Error.ENOTCONN", "System.Error.EPIPE"};
  return std::ranges::contains(names, std::string_view{error.getName()});
}

Failure went_away() { return {"Upstart went away before it answered. Whether the command took effect is not known."}; }

} // namespace upstart::client
