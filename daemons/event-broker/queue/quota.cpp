#include "daemons/event-broker/queue/quota.hpp"

namespace upstart::broker {

namespace {

std::uint64_t bytes_of(const Event& event) {
  std::uint64_t bytes = sizeof(Event) + event.name.size();
  for (const auto& entry : event.env) bytes += sizeof entry + entry.size();
  return bytes;
}

std::string over(uid_t uid, const char* what, std::uint64_t limit) {
  return "User " + std::to_string(uid) + " has too much in flight: at most " + std::to_string(limit) + " " + what;
}

} // namespace

std::optional<std::string> Quota::objection(const Event& event) const {
  uid_t uid = event.emitter.uid;
  if (uid == 0) return std::nullopt;
  auto found = used_.find(uid);
  Use used = found == used_.end() ? Use{} : found->second;
  if (used.events + 1 > limits_.events) return over(uid, "events", limits_.events);
  if (used.bytes + bytes_of(event) > limits_.bytes) return over(uid, "bytes of events", limits_.bytes);
  if (used.descriptors + event.files > limits_.descriptors)
    return over(uid, "descriptors with events", limits_.descriptors);
  return std::nullopt;
}

void Quota::charge(const Event& event) {
  if (event.emitter.uid == 0) return;
  auto& used = used_[event.emitter.uid];
  used.events += 1;
  used.bytes += bytes_of(event);
  used.descriptors += event.files;
}

void Quota::release(const Event& event) {
  auto found = used_.find(event.emitter.uid);
  if (found == used_.end()) return;
  found->second.events -= 1;
  found->second.bytes -= bytes_of(event);
  found->second.descriptors -= event.files;
  if (found->second.events == 0) used_.erase(found);
}

} // namespace upstart::broker
