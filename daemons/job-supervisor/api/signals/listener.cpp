#include "daemons/job-supervisor/api/signals/listener.hpp"

#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace upstart::supervisor {

namespace {

// What a peer that has never called may have unread, as the kernel counts it, and how long it is left alone then.
constexpr std::size_t most_unread = 32'768;
constexpr std::chrono::seconds deaf_for{1};
// The largest signal: a larger one may be more than the bus takes, which would hang up.
constexpr std::size_t largest = std::size_t{8} << 20;
// Instances whose properties a connection may have read and be told of.
constexpr std::size_t most_read = 4096;

} // namespace

void Listener::has_read(const std::string& path) {
  if (read_.size() < most_read) read_.insert(path);
}

bool Listener::listens(std::chrono::steady_clock::time_point now) {
  if (has_called_ || !connection_.is_peer()) return true;
  if (now < deaf_until_) return false;
  bool reads = connection_.unread_bytes() <= most_unread;
  if (!reads) deaf_until_ = now + deaf_for;
  return reads;
}

void Listener::tell(Signal& signal) {
  if (!listens(signal.time())) return;
  if (signal.bytes() > largest) return misses("it is larger than 8 MiB");
  auto* message = signal.message(connection_.raw());
  if (message == nullptr) {
    if (!signal.problem().empty()) misses(signal.problem());
    return;
  }
  if (auto problem = connection_.send_unasked(message, signal.bytes())) misses(*problem);
}

void Listener::tell_properties(const Notice& notice) {
  if (read_.empty()) return;
  if (const auto* removed = std::get_if<notice::InstanceRemoved>(&notice)) {
    read_.erase(protocol::instance_path(removed->job, removed->instance));
  } else if (const auto* goal = std::get_if<notice::GoalChanged>(&notice)) {
    auto path = protocol::instance_path(goal->job, goal->instance);
    if (!read_.contains(path)) return;
    auto signal = Signal::property_changed(std::move(path), protocol::interface_name::instance, "goal",
                                           std::string{name_of(goal->goal)});
    tell(signal);
  } else if (const auto* state = std::get_if<notice::StateChanged>(&notice)) {
    auto path = protocol::instance_path(state->job, state->instance);
    if (!read_.contains(path)) return;
    auto signal = Signal::property_changed(std::move(path), protocol::interface_name::instance, "state",
                                           std::string{name_of(state->state)}, "processes");
    tell(signal);
  }
}

// Warned of once for each connection.
void Listener::misses(const std::string& why) {
  if (!std::exchange(misses_signals_, true))
    spdlog::warn("a signal cannot be sent to a client, which misses it: {}", why);
}

} // namespace upstart::supervisor
