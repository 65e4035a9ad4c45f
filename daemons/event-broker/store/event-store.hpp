// The one place that knows what must not be forgotten: `events.journal` in the run directory, as changes. Before an
// event that a handler wants is accepted, and before anything is told to anybody, the changes behind it are written.
//
// A file system that is full makes it *behind*: it lacks changes that could not be refused (a handler finished an
// event). It then takes no event until the whole state could be written anew.
//
// Without a file nothing is written down and everything is accepted: to measure what the writing costs.
#pragma once

#include "daemons/base/files/journal.hpp"
#include "daemons/event-broker/values/change.hpp"

#include <functional>
#include <optional>

namespace upstart::broker {

class EventStore {
public:
  struct Recovered;
  // What an earlier process wrote down, and what was wrong with it.
  static std::expected<Recovered, std::string> open(const std::string& run_directory);
  // One without a file.
  static Recovered without_file();

  // The whole state as the shortest list of changes.
  using Snapshot = std::function<std::vector<Change>()>;

  // While behind nothing need be noted: the whole state is written next.
  void note(const Change& change) {
    if (journal_ && !behind()) journal_->add(encode(change));
  }
  [[nodiscard]] bool has_unwritten() const { return journal_ && journal_->has_unwritten(); }
  // Writes what was noted. On failure it is behind; `snapshot` is asked for when it was, or when the file has grown.
  std::expected<void, std::string> write(const Snapshot& snapshot);
  // Writes what was noted, and this change; on failure this change alone is refused.
  std::expected<void, std::string> write_ahead(const Change& change, const Snapshot& snapshot);
  [[nodiscard]] bool behind() const { return behind_ || (journal_ && !journal_->intact()); }

private:
  explicit EventStore(std::optional<base::Journal> journal) : journal_{std::move(journal)} {}
  std::expected<void, std::string> rewrite(const Snapshot& snapshot);

  std::optional<base::Journal> journal_; // nothing: there is no file
  bool behind_ = false;
  std::uint64_t rewritten_from_ = 0; // bytes; smaller, it is not tried again
};

struct EventStore::Recovered {
  EventStore store;
  std::vector<Change> changes;
  std::vector<std::string> faults;
};

} // namespace upstart::broker
