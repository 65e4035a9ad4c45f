#include "daemons/event-broker/store/event-store.hpp"

namespace upstart::broker {

std::expected<EventStore::Recovered, std::string> EventStore::open(const std::string& run_directory) {
  std::string path = run_directory + "/events.journal";
  auto found = base::Journal::open(path, "upstart events 2\n");
  if (!found) return std::unexpected(found.error());
  Recovered recovered{.store = EventStore{std::move(found->journal)}, .changes = {}, .faults = {}};
  if (!found->fault.empty()) recovered.faults.push_back(std::move(found->fault));
  for (const auto& record : found->records) {
    auto change = decode(record);
    if (change) recovered.changes.push_back(std::move(*change));
    else recovered.faults.push_back(path + ": " + change.error() + "; it is left out");
  }
  return recovered;
}

// Its fault makes the queue begin with event ids that an earlier process cannot have given out.
EventStore::Recovered EventStore::without_file() {
  return {.store = EventStore{std::nullopt},
          .changes = {},
          .faults = {"nothing is written down: events that are not finished are lost if the event broker dies"}};
}

std::expected<void, std::string> EventStore::rewrite(const Snapshot& snapshot) {
  auto contents = journal_->contents();
  for (const auto& change : snapshot()) contents.add(encode(change));
  auto rewritten = journal_->rewrite(contents);
  if (rewritten) behind_ = false;
  return rewritten;
}

std::expected<void, std::string> EventStore::write(const Snapshot& snapshot) {
  if (!journal_) return {};
  if (behind()) return rewrite(snapshot);
  auto written = journal_->write();
  if (!written) {
    behind_ = true;
    if (rewrite(snapshot)) return {};
  } else if (journal_->worth_rewriting() && journal_->size() >= rewritten_from_) {
    // Without room for a second file the first one goes on, until it has grown much more.
    if (!rewrite(snapshot)) rewritten_from_ = journal_->size() + journal_->size() / 2;
  }
  return written;
}

std::expected<void, std::string> EventStore::write_ahead(const Change& change, const Snapshot& snapshot) {
  if (auto written = write(snapshot); !written) return written;
  note(change);
  return journal_ ? journal_->write() : std::expected<void, std::string>{};
}

} // namespace upstart::broker
