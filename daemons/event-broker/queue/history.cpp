#include "daemons/event-broker/queue/history.hpp"

#include <algorithm>

namespace upstart::broker {

namespace {

void shorten(std::vector<std::string>& env) {
  std::size_t bytes = 0;
  auto too_much =
      std::ranges::find_if(env, [&](const auto& entry) { return (bytes += entry.size()) > most_remembered_of_env; });
  env.erase(too_much, env.end());
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
  entry.id = id;
  entry.name = name;
  entry.env = env;
  shorten(entry.env);
  entry.emitter = emitter;
  entry.time = time;
  entry.handlers.clear();
  entry.done.clear();
  entry.blocked = 0;
  entry.outcome = Outcome::pending;
  return entry;
}

Remembered* History::find(EventId id) {
  if (place(id) >= ring_.size() || ring_[place(id)].id != id) return nullptr;
  return &ring_[place(id)];
}

std::vector<const Remembered*> History::last(std::size_t count) const {
  std::vector<const Remembered*> entries;
  for (const auto& entry : ring_)
    if (entry.id != 0) entries.push_back(&entry);
  std::ranges::sort(entries, {}, &Remembered::id);
  if (count != 0 && entries.size() > count)
    entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(count));
  return entries;
}

} // namespace upstart::broker
