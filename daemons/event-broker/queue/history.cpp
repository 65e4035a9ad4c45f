#include "daemons/event-broker/queue/history.hpp"

#include <algorithm>
#include <cstddef>

namespace upstart::broker {

namespace {

// An entry that took more than this gives its memory back.
constexpr std::size_t most_kept_for_reuse = 1U << 10U;

std::size_t bytes_of(const std::string& text) { return sizeof text + text.size(); }

// As many of the strings as are remembered.
std::size_t take_env(std::vector<std::string>& to, const std::vector<std::string>& env) {
  std::size_t text = 0, bytes = 0, count = 0;
  for (const auto& entry : env) {
    if ((text += entry.size()) > most_remembered_of_env || bytes > 2 * most_remembered_of_env) break;
    bytes += bytes_of(entry);
    ++count;
  }
  to.assign(env.begin(), env.begin() + static_cast<std::ptrdiff_t>(count));
  return bytes;
}

} // namespace

const char* name_of(Outcome outcome) {
  switch (outcome) {
  case Outcome::pending: return "pending";
  case Outcome::ok: return "ok";
  case Outcome::failed: return "failed";
  }
  return "pending";
}

Remembered& History::add(EventId id, const std::string& name, const std::vector<std::string>& env, Emitter emitter,
                         Time time) {
  if (ring_.size() <= place(id)) ring_.resize(std::min(capacity_, std::max(place(id) + 1, ring_.size() * 2)));
  auto& entry = ring_[place(id)];
  if (!order_.empty() && order_.front() == entry.id) order_.pop_front();
  else if (entry.id != 0) std::erase(order_, entry.id); // ids have jumped
  clear(entry);
  entry.id = id;
  entry.name.assign(name, 0, most_remembered_of_name);
  entry.emitter = emitter;
  entry.time = time;
  entry.bytes = sizeof entry + entry.name.size() + take_env(entry.env, env);
  bytes_ += entry.bytes;
  order_.push_back(id);
  while (bytes_ > most_bytes_ && order_.size() > 1) forget_oldest();
  return entry;
}

void History::clear(Remembered& entry) {
  bytes_ -= entry.bytes;
  if (entry.bytes > most_kept_for_reuse) {
    entry = {};
    return;
  }
  entry.id = 0;
  entry.bytes = 0;
  entry.handlers.clear();
  entry.done.clear();
  entry.blocked = 0;
  entry.outcome = Outcome::pending;
}

void History::forget_oldest() {
  clear(ring_[place(order_.front())]);
  order_.pop_front();
}

Remembered* History::find(EventId id) {
  if (id == 0 || place(id) >= ring_.size() || ring_[place(id)].id != id) return nullptr;
  return &ring_[place(id)];
}

void History::add_done(EventId id, const JobActions& actions) {
  auto* entry = find(id);
  if (entry == nullptr) return;
  for (const auto& action : actions) {
    if (entry->done.size() == most_remembered_actions) return;
    auto bytes = sizeof action + action.operation.size() + action.job.size() + action.instance.size();
    entry->bytes += bytes;
    bytes_ += bytes;
    entry->done.push_back(action);
  }
}

std::vector<const Remembered*> History::last(std::size_t count) const {
  if (count == 0 || count > order_.size()) count = order_.size();
  std::vector<const Remembered*> entries;
  entries.reserve(count);
  for (auto id = order_.end() - static_cast<std::ptrdiff_t>(count); id != order_.end(); ++id)
    entries.push_back(&at(*id));
  return entries;
}

} // namespace upstart::broker
