// What is to be sent on a connection and waits until the other end has room: a queue that is emptied as far as the
// connection takes it, so that a slow reader delays nobody but itself. The owner decides what to do with one that does
// not read at all (`overfull`); signals for onlookers it may leave out earlier (`crowded`).
//
// Invariant: items leave in the order in which they came; an item is removed before it is sent, so that sending may add
// more.
#pragma once

#include "daemons/base/bus-connection.hpp"

#include <cstdint>
#include <deque>
#include <utility>

namespace upstart::base {

struct OutboxLimits {
  // Messages given to the connection before it has written those it has.
  std::uint64_t unwritten = 1024;
  // Items waiting from which on the outbox is crowded, and beyond which it is overfull.
  std::size_t crowded = 16'384;
  std::size_t overfull = 262'144;
};

// Messages that were given to the connection and that it has not written yet.
[[nodiscard]] inline std::uint64_t unwritten_messages(BusConnection& connection) {
  std::uint64_t count = 0;
  return sd_bus_get_n_queued_write(connection.raw(), &count) < 0 ? 0 : count;
}

template <typename Item> class Outbox {
public:
  // The connection must outlive this.
  explicit Outbox(BusConnection& connection, OutboxLimits limits = {}) : connection_{connection}, limits_{limits} {}

  void push(Item item) { waiting_.push_back(std::move(item)); }
  // Gives `send` one item after the other, as long as the other end has room.
  template <typename Send> void flush(Send&& send) {
    while (!waiting_.empty() && has_room()) {
      auto item = std::move(waiting_.front());
      waiting_.pop_front();
      send(item);
    }
  }

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  // The connection takes more.
  [[nodiscard]] bool has_room() const { return unwritten_messages(connection_) < limits_.unwritten; }
  // All that was ever pushed has been given to the kernel.
  [[nodiscard]] bool all_written() const { return waiting_.empty() && unwritten_messages(connection_) == 0; }
  [[nodiscard]] bool crowded() const { return waiting_.size() >= limits_.crowded; }
  [[nodiscard]] bool overfull() const { return waiting_.size() > limits_.overfull; }

private:
  BusConnection& connection_;
  OutboxLimits limits_;
  std::deque<Item> waiting_;
};

} // namespace upstart::base
