#include "daemons/event-broker/shell/store-writer.hpp"

#include <spdlog/spdlog.h>

namespace upstart::broker {

namespace {

constexpr std::chrono::milliseconds pause_after_failure{1000};

} // namespace

StoreWriter::StoreWriter(base::EventLoop& loop, EventStore store, EventStore::Snapshot snapshot,
                         std::function<void()> retry)
    : store_{std::move(store)}, snapshot_{std::move(snapshot)}, retry_{loop, std::move(retry)} {}

void StoreWriter::write() {
  if (!store_.behind() && !store_.has_unwritten()) return;
  if (auto written = store_.write(snapshot_); !written) {
    tell(written.error());
    return retry_.start(pause_after_failure);
  }
  if (!fault_.empty()) spdlog::warn("the journal can be written again; events are accepted");
  fault_.clear();
  retry_.stop();
}

std::expected<void, std::string> StoreWriter::write_ahead(const Change& change) {
  auto written = store_.write_ahead(change, snapshot_);
  if (!written) tell(written.error());
  return written;
}

void StoreWriter::tell(const std::string& fault) {
  if (fault != fault_) spdlog::error("{}; new events that a handler wants are refused until it can be written", fault);
  fault_ = fault;
}

} // namespace upstart::broker
