#include "daemons/event-broker/shell/store-writer.hpp"

#include <spdlog/spdlog.h>

namespace upstart::broker {

namespace {

constexpr std::chrono::milliseconds pause_after_failure{1000};
constexpr std::chrono::seconds long_time{5};

} // namespace

StoreWriter::StoreWriter(base::EventLoop& loop, EventStore store, EventStore::Snapshot snapshot,
                         std::function<void()> retry)
    : store_{std::move(store)}, snapshot_{std::move(snapshot)}, retry_{loop, std::move(retry)} {}

bool StoreWriter::write() {
  if (store_.behind() && retry_.active()) return false;
  if (!store_.behind() && !store_.has_unwritten()) return true;
  if (auto written = store_.write(snapshot_); !written) {
    fail(written.error());
    return false;
  }
  if (!fault_.empty()) spdlog::warn("the journal can be written again; events are accepted");
  fault_.clear();
  retry_.stop();
  return true;
}

void StoreWriter::fail(const std::string& fault) {
  if (fault_.empty()) failing_since_ = std::chrono::steady_clock::now();
  tell(fault);
  if (store_.behind()) retry_.start(pause_after_failure);
}

bool StoreWriter::fails_for_long() const {
  return !fault_.empty() && std::chrono::steady_clock::now() - failing_since_ > long_time;
}

std::expected<void, std::string> StoreWriter::write_ahead(const Change& change) {
  if (store_.behind() && retry_.active()) return std::unexpected(fault_);
  auto written = store_.write_ahead(change, snapshot_);
  if (!written) fail(written.error());
  return written;
}

void StoreWriter::tell(const std::string& fault) {
  if (fault != fault_) spdlog::error("{}; new events that a handler wants are refused until it can be written", fault);
  fault_ = fault;
}

} // namespace upstart::broker
