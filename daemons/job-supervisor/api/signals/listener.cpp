#include "daemons/job-supervisor/api/signals/listener.hpp"

#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace upstart::supervisor {

namespace {

// What a peer that has never called may have unread, as the kernel counts it, and how long it is left alone then.
constexpr std::size_t most_unread = 32'768;
constexpr std::chrono::seconds deaf_for{1};
// The largest signal: a larger one may be more than the bus takes, which would hang up.
constexpr std::size_t largest = std::size_t{8} << 20;
// Objects whose properties a connection may have read and be told of.
constexpr std::size_t most_read = 4096;
// Clients on the bus that have read those of one object: who only asked once goes in time.
constexpr std::size_t most_readers = 8;
// Objects that have gone, or were never there, and whose readers are remembered.
constexpr std::size_t most_gone = 64;

} // namespace

void Listener::has_read(const std::string& path, const std::string& reader, bool exists) {
  if (!readers_.contains(path)) {
    if (readers_.size() >= most_read) return;
    if (!exists) has_gone(path);
  }
  auto& readers = readers_[path];
  if (std::ranges::contains(readers, reader)) return;
  if (readers.size() == most_readers) readers.pop_front();
  readers.push_back(reader);
}

void Listener::has_gone(const std::string& path) {
  if (gone_.size() == most_gone) {
    readers_.erase(gone_.front());
    gone_.pop_front();
  }
  gone_.push_back(path);
}

bool Listener::listens(std::chrono::steady_clock::time_point now) {
  if (audience_) return audience_->may_listen();
  if (has_called_) return true;
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
  if (readers_.empty()) return;
  if (const auto* added = std::get_if<notice::InstanceAdded>(&notice)) {
    if (!gone_.empty()) std::erase(gone_, protocol::instance_path(added->job, added->instance));
  } else if (const auto* removed = std::get_if<notice::InstanceRemoved>(&notice)) {
    auto path = protocol::instance_path(removed->job, removed->instance);
    if (readers_.contains(path)) has_gone(path);
  } else if (const auto* goal = std::get_if<notice::GoalChanged>(&notice)) {
    tell_property(protocol::instance_path(goal->job, goal->instance), protocol::interface_name::instance, "goal",
                  name_of(goal->goal));
  } else if (const auto* state = std::get_if<notice::StateChanged>(&notice)) {
    tell_property(protocol::instance_path(state->job, state->instance), protocol::interface_name::instance, "state",
                  name_of(state->state), "processes");
  }
}

void Listener::tell_property(const std::string& path, const char* interface, const char* property,
                             std::string_view value, const char* to_be_asked) {
  auto readers = readers_.find(path);
  if (readers == readers_.end()) return;
  for (const auto& reader : readers->second) {
    auto signal = Signal::property_changed(path, interface, property, std::string{value}, to_be_asked, reader);
    tell(signal);
  }
}

// Warned of once for each connection.
void Listener::misses(const std::string& why) {
  if (!std::exchange(misses_signals_, true))
    spdlog::warn("a signal cannot be sent to a client, which misses it: {}", why);
}

} // namespace upstart::supervisor
