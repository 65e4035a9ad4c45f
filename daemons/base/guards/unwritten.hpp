// What was given to a connection and not written yet, because the other end does not read: what its GatheredOutput
// keeps, and behind that how many messages the library counts, and about how many bytes, which it does not. Of these
// only what `note` was told of has a size; the rest is small.
#pragma once

#include "daemons/base/guards/gathered-output.hpp"

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace upstart::base {

class Unwritten {
public:
  // The bus and the output outlive this.
  Unwritten(sd_bus* bus, const GatheredOutput& output) : bus_{bus}, output_{output} {}

  // A message of about so many bytes is about to be sent.
  void note(std::size_t bytes) {
    forget_written();
    sizes_.push_back(bytes);
    bytes_ += bytes;
  }
  // So much that no further call is to be answered on this connection before some of it has been written. More than the
  // signal of one large event: its emitter may be sending the next one before it reads that.
  [[nodiscard]] bool much() { return messages() > 256 || bytes() > (std::size_t{8} << 20); }
  // So much, for so long, that nothing more is to be sent that was not asked for. A burst is none: a thousand jobs that
  // start at once are twelve thousand signals, and the other end reads some of them meanwhile.
  [[nodiscard]] bool too_much() { return stuck_ || messages() > 262'144 || bytes() > (std::size_t{64} << 20); }
  // To be called when what there was room for has been written.
  void look(std::chrono::steady_clock::time_point now) {
    using namespace std::chrono_literals;
    auto waiting = messages();
    bool has_read = std::exchange(written_at_look_, output_.written()) != output_.written();
    if (has_read || waiting + output_.kept() == 0) nothing_read_since_ = now;
    auto deaf_for = now - nothing_read_since_;
    bool are_many = waiting > 8192, is_over = are_many || bytes() > (std::size_t{16} << 20);
    bool takes_much_memory = are_many && bytes() + queued() * memory_of_message > (std::size_t{12} << 20);
    stuck_ = (is_over && deaf_for >= 5s) || (takes_much_memory && deaf_for >= 2500ms);
  }

  [[nodiscard]] std::uint64_t messages() const { return output_.messages_behind() + queued(); }
  // Never too few of those that were noted; too many while others wait behind them.
  [[nodiscard]] std::size_t bytes() {
    forget_written();
    return output_.kept() + bytes_;
  }

private:
  static constexpr std::size_t memory_of_message = 800; // beside its bytes, in the library

  [[nodiscard]] std::uint64_t queued() const {
    std::uint64_t count = 0;
    return sd_bus_get_n_queued_write(bus_, &count) < 0 ? 0 : count;
  }
  // Messages are written in the order in which they were sent: what waits is the last of what was noted, at most.
  void forget_written() {
    for (auto waiting = queued(); sizes_.size() > waiting; sizes_.pop_front()) bytes_ -= sizes_.front();
  }

  sd_bus* bus_;
  const GatheredOutput& output_;
  std::deque<std::size_t> sizes_; // of what the library has queued
  std::size_t bytes_ = 0;
  std::uint64_t written_at_look_ = 0; // bytes
  std::chrono::steady_clock::time_point nothing_read_since_ = std::chrono::steady_clock::now();
  bool stuck_ = false;
};

} // namespace upstart::base
