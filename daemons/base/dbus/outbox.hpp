// What is to be sent on a connection and waits until the other end has room: a queue that is emptied as far as the
// connection takes it, so that a slow reader delays nobody but itself. The owner decides what to do with one that does
// not read at all (`overfull`); signals for onlookers it may leave out earlier (`crowded`). Bounded in items and in
// bytes, those too that the connection was given and has not written.
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
  std::size_t unwritten_bytes = 4U << 20U;
  // Items waiting, and bytes of them, from which on the outbox is crowded, and beyond which it is overfull.
  std::size_t crowded = 16'384;
  std::size_t crowded_bytes = 8U << 20U;
  std::size_t overfull = 262'144;
  std::size_t overfull_bytes = 64U << 20U;
};

template <typename Item> class Outbox {
public:
  // The connection must outlive this.
  explicit Outbox(BusConnection& connection, OutboxLimits limits = {}) : connection_{connection}, limits_{limits} {}

  // `bytes`: what it takes, nearly, as a message.
  void push(Item item, std::size_t bytes = 0) {
    waiting_.push_back({std::move(item), bytes});
    bytes_ += bytes;
  }
  // Gives `send` one item after the other, as long as the other end has room.
  template <typename Send> void flush(Send&& send) {
    while (!waiting_.empty() && has_room()) {
      auto [item, bytes] = std::move(waiting_.front());
      waiting_.pop_front();
      bytes_ -= bytes;
      unwritten_.push_back(bytes);
      unwritten_bytes_ += bytes;
      send(item);
    }
  }

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  // The connection takes more.
  [[nodiscard]] bool has_room() {
    auto count = connection_.waiting_messages();
    for (; unwritten_.size() > count; unwritten_.pop_front()) unwritten_bytes_ -= unwritten_.front();
    return count < limits_.unwritten && unwritten_bytes_ < limits_.unwritten_bytes;
  }
  // All that was ever pushed has been given to the kernel, or is about to be.
  [[nodiscard]] bool all_written() const { return waiting_.empty() && connection_.waiting_messages() == 0; }
  [[nodiscard]] bool crowded() const { return waiting_.size() >= limits_.crowded || bytes_ >= limits_.crowded_bytes; }
  [[nodiscard]] bool overfull() const { return waiting_.size() > limits_.overfull || bytes_ > limits_.overfull_bytes; }

private:
  struct Waiting {
    Item item;
    std::size_t bytes;
  };

  BusConnection& connection_;
  OutboxLimits limits_;
  std::deque<Waiting> waiting_;
  std::size_t bytes_ = 0;             // of those that wait
  std::deque<std::size_t> unwritten_; // bytes of the last messages given; those before them have been written
  std::size_t unwritten_bytes_ = 0;
};

} // namespace upstart::base
