// Writes to the event store, and deals with a store that cannot be written: says so once, tries again, and says when it
// works again.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/event-broker/store/event-store.hpp"

#include <chrono>

namespace upstart::broker {

class StoreWriter {
public:
  // `retry` is called a second after a failure; it is to end in `write`.
  StoreWriter(base::EventLoop& loop, EventStore store, EventStore::Snapshot snapshot, std::function<void()> retry);

  void note(const Change& change) { store_.note(change); }
  // Writes what was noted; nothing where there is nothing to write. False while it cannot be written, which is not
  // tried more often than once a second.
  bool write();
  // For so long that nobody should wait for it any more.
  [[nodiscard]] bool fails_for_long() const;
  // Writes what was noted, and this change. On failure this change alone is refused; the error says why.
  std::expected<void, std::string> write_ahead(const Change& change);

private:
  void tell(const std::string& fault);
  void fail(const std::string& fault);

  EventStore store_;
  EventStore::Snapshot snapshot_;
  std::string fault_; // the last one told; empty while it works
  base::Timer retry_;
  std::chrono::steady_clock::time_point failing_since_;
};

} // namespace upstart::broker
