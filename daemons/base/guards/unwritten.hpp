// What was given to a connection and not written yet, because the other end does not read: how many messages the
// library counts, and about how many bytes, which it does not. Only what `note` was told of has a size; the rest is
// small.
#pragma once

#include <systemd/sd-bus.h>

#include <cstddef>
#include <cstdint>
#include <deque>

namespace upstart::base {

class Unwritten {
public:
  // The bus outlives this.
  explicit Unwritten(sd_bus* bus) : bus_{bus} {}

  // A message of about so many bytes is about to be sent.
  void note(std::size_t bytes) {
    forget_written();
    sizes_.push_back(bytes);
    bytes_ += bytes;
  }
  // So much that no further call is to be answered on this connection before some of it has been written. More than the
  // signal of one large event: its emitter may be sending the next one before it reads that.
  [[nodiscard]] bool much() { return messages() > 256 || bytes() > (std::size_t{8} << 20); }
  // So much that nothing more is to be sent that was not asked for.
  [[nodiscard]] bool too_much() { return messages() > 8192 || bytes() > (std::size_t{16} << 20); }

  [[nodiscard]] std::uint64_t messages() const {
    std::uint64_t count = 0;
    return sd_bus_get_n_queued_write(bus_, &count) < 0 ? 0 : count;
  }
  // Never too few of those that were noted; too many while others wait behind them.
  [[nodiscard]] std::size_t bytes() {
    forget_written();
    return bytes_;
  }

private:
  // Messages are written in the order in which they were sent: what waits is the last of what was noted, at most.
  void forget_written() {
    for (auto waiting = messages(); sizes_.size() > waiting; sizes_.pop_front()) bytes_ -= sizes_.front();
  }

  sd_bus* bus_;
  std::deque<std::size_t> sizes_;
  std::size_t bytes_ = 0;
};

} // namespace upstart::base
