// The events of this node that are on their way to the broker: on disk from the moment that their emitter is answered
// until the broker has acknowledged them, in one order, and for a settle time more: a broker that is killed may lose
// what it has acknowledged in the last seconds, so that is sent again when the connection was lost meanwhile. It
// outlives the bridge and the broker's absence; a machine that loses power may lose the last seconds. It is bounded:
// over the bound an event is refused. A file of its own in the state directory, of one process at a time.
//
// Each event has an id, IDENTITY/NUMBER: of this queue, and a number that only grows. Each life of Upstart has a new
// identity, so that no number is given twice. What may or may not have arrived is sent again with the same id, from the
// oldest, so that the order stays and receivers know it again.
#pragma once

#include "daemons/base/files/record-store.hpp"
#include "daemons/mqtt-bridge/messages/messages.hpp"
#include "daemons/mqtt-bridge/storage/emission-tokens.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace upstart::mqtt_bridge {

class OutgoingQueue {
public:
  using Number = std::uint64_t;
  struct Publication {
    Number number = 0;
    std::string topic, payload;
  };
  // How many are on their way at a time. Far less than what a receiver remembers (SeenIds::window).
  static constexpr std::size_t most_in_flight = 256;
  // A broker must have written to its disk by then what it has acknowledged.
  static constexpr std::chrono::seconds settle_time{10};
  using Time = std::chrono::steady_clock::time_point;

  // `bound`: bytes of events. `life` is of this Upstart; empty: not known, and taken for a new one. The error says why
  // the file cannot be used, as where another process has it. What is wrong with a file that can is in `faults`.
  static std::expected<OutgoingQueue, std::string> open(const std::string& path, std::uint64_t bound,
                                                        const std::string& life, std::vector<std::string>& faults);

  // On disk when it returns. Gives the event its id. An event that was added with this token for this receiver before
  // is not added again, unless the token is empty. The error, in words for the emitter: it is full, or cannot be
  // written.
  std::expected<Number, std::string> add(const std::string& topic, EventMessage event, const std::string& token = {},
                                         const std::string& receiver = {});
  // The same for an event that the event broker of this machine gives until it is told that it has arrived: `life` is
  // the broker's, `id` the broker's number. Nothing is added where it is not greater than the last one.
  std::expected<void, std::string> add_heard(const std::string& topic, EventMessage event, const std::string& life,
                                             std::uint64_t id);

  // What may be sent now, in order; it is on its way from then on.
  [[nodiscard]] std::vector<Publication> take_sendable();
  // The broker has it. It is forgotten when that has settled, with `settle`.
  void acknowledged(Number number, Time now);
  // The broker refuses it for good.
  void refused(Number number);
  // Forgets what has settled; whether there is more that will.
  bool settle(Time now);
  // What was on its way, or has not settled, is to be sent again.
  void connection_lost();
  // Writes what was forgotten; what is not written is sent once more after a death.
  void write();

  // Whether it is in the queue and the broker does not have it.
  [[nodiscard]] bool waits(Number number) const { return events_.contains(number) && !acknowledged_.contains(number); }
  [[nodiscard]] std::size_t waiting() const { return events_.size() - acknowledged_.size(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] const std::string& identity() const { return identity_; }

private:
  struct Entry {
    std::string topic, payload;
    [[nodiscard]] std::size_t bytes() const;
  };

  OutgoingQueue(base::RecordStore store, std::uint64_t bound) : store_{std::move(store)}, bound_{bound} {}
  void take(const std::string& key, const std::string& bytes);
  void begin_life(const std::string& life);
  void forget(Number number);
  std::expected<Number, std::string> append(const std::string& topic, EventMessage event);
  std::expected<void, std::string> write_or_take_back(Number number);
  void for_each_record(const base::RecordStore::Put& put) const;

  base::RecordStore store_;
  std::uint64_t bound_;
  std::string identity_, life_;
  std::map<Number, Entry> events_;
  Number last_ = 0; // that was given
  Number sent_ = 0; // up to this one
  std::set<Number> in_flight_;
  std::set<Number> acknowledged_; // and not forgotten
  std::deque<std::pair<Time, Number>> settling_;
  std::uint64_t bytes_ = 0;
  EmissionTokens tokens_;
  std::string heard_life_;
  std::uint64_t heard_ = 0;
};

} // namespace upstart::mqtt_bridge
