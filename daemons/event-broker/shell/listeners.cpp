#include "daemons/event-broker/shell/listeners.hpp"

#include "daemons/event-broker/shell/session.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace upstart::broker {

EventNames::EventNames(const std::vector<std::string>& wanted) {
  for (const auto& one : wanted) {
    if (one == "*") all_ = true;
    else if (is_pattern(one)) patterns_.push_back(one);
    else names_.insert(one);
  }
}

bool EventNames::contains(const std::string& name) const {
  return all_ || names_.contains(name) || std::ranges::any_of(patterns_, [&](const std::string& pattern) {
           return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
         });
}

Listeners::Place Listeners::find(const Origin& from) {
  return std::ranges::find_if(listeners_, [&](const Listener& listener) {
    return listener.session == &from.session && listener.watch->sender() == from.sender;
  });
}

void Listeners::set(const Origin& from, EventNames emitted, EventNames finished) {
  auto place = find(from);
  if (emitted.empty() && finished.empty()) {
    if (place != listeners_.end()) listeners_.erase(place);
    return;
  }
  if (place != listeners_.end()) {
    place->emitted = std::move(emitted);
    place->finished = std::move(finished);
    return;
  }
  place = listeners_.insert(listeners_.end(), Listener{&from.session, std::move(emitted), std::move(finished)});
  place->watch = std::make_unique<SenderWatch>(loop_, from.session.connection(), from.sender,
                                               [this, place] { listeners_.erase(place); });
}

void Listeners::remove(const Session& session) {
  listeners_.remove_if([&](const Listener& listener) { return listener.session == &session; });
}

void Listeners::post(const EventPointer& event, std::optional<bool> failed) {
  for (auto& listener : listeners_)
    if ((failed ? listener.finished : listener.emitted).contains(event->name))
      listener.session->post(Signal{listener.watch->sender(), event, failed});
}

bool Listeners::announce(const Session& from, EventId id, const std::string& name,
                         const std::vector<std::string>& env) {
  EventPointer event;
  bool waits = false;
  for (auto& listener : listeners_) {
    if (listener.session == &from) continue;
    bool emitted = listener.emitted.contains(name), finished = listener.finished.contains(name);
    if (!emitted && !finished) continue;
    if (!event)
      event = std::make_shared<const Event>(
          Event{.id = id, .name = name, .env = env, .emitter = {}, .time = 0, .files = 0});
    if (emitted) listener.session->post(Signal{listener.watch->sender(), event, std::nullopt});
    if (finished) listener.session->post(Signal{listener.watch->sender(), event, false});
    waits = true;
  }
  return waits;
}

} // namespace upstart::broker
