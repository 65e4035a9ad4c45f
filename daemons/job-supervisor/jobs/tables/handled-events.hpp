// The events that the broker gave to this daemon to handle, by id. An event is blocked by every expression that holds
// it and every job that moves because of it; the broker is told when the last of them has released it.
#pragma once

#include "daemons/job-supervisor/jobs/tables/changes.hpp"
#include "daemons/job-supervisor/jobs/values/ports.hpp"

#include <unordered_map>

namespace upstart::supervisor {

class HandledEvents {
public:
  struct Handled {
    Event event;
    std::vector<FileId> files;                  // of event.files, in their order
    std::size_t blockers = 0;                   // expressions and jobs
    bool failed = false;                        // one of them released it as failed
    std::vector<protocol::JobAction> actions{}; // what it brought about, for the history
  };

  // The event is blocked by whoever adds it, until it has been offered to all.
  void add(EventId id, Event event);
  [[nodiscard]] const Handled& at(EventId id) const { return events_.at(id); }
  [[nodiscard]] bool contains(EventId id) const { return events_.contains(id); }
  [[nodiscard]] std::size_t size() const { return events_.size(); }

  void block(EventId id) { ++events_.at(id).blockers; }
  // What the event was, when that was its last blocker: it is no longer here.
  [[nodiscard]] std::optional<Handled> unblock(EventId id, bool failed);
  void note(EventId id, protocol::JobAction action) {
    events_.at(id).actions.push_back(std::move(action));
    changes_.mark(id);
  }
  // The broker gives an event again that is in hand: its descriptors are taken where they were lost.
  void take_files(EventId id, const SharedFiles& files);

  // For the memory: what there is, what has changed, and the ids of descriptors that are consumed.
  [[nodiscard]] const std::unordered_map<EventId, Handled>& all() const { return events_; }
  [[nodiscard]] Changes<EventId>& changes() { return changes_; }
  // A new id of a descriptor.
  [[nodiscard]] FileId next_file() { return ++last_file_; }
  [[nodiscard]] FileId last_file() const { return last_file_; }
  void restore_last_file(FileId last) { last_file_ = std::max(last_file_, last); }
  // Nobody blocks it yet.
  void restore(EventId id, Handled handled);

private:
  std::unordered_map<EventId, Handled> events_;
  Changes<EventId> changes_;
  FileId last_file_ = 0;
};

} // namespace upstart::supervisor
