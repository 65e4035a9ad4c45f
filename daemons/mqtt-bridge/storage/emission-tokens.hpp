// By which an emission is known again when its emitter asks once more, as after the death of the bridge: a token, and
// for each receiver of the emission the number that its event has in the queue. Bounded: the oldest emissions are
// forgotten.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace upstart::mqtt_bridge {

class EmissionTokens {
public:
  using Number = std::uint64_t;
  static constexpr std::size_t most_emissions = 1000;
  static constexpr std::size_t most_numbers = 100'000; // one for each receiver of an emission

  // Nothing where there was no such emission to this receiver.
  [[nodiscard]] std::optional<Number> find(const std::string& token, const std::string& receiver) const;
  // `forgotten` is called with each number that is not known any more.
  void add(const std::string& token, const std::string& receiver, Number number,
           const std::function<void(Number)>& forgotten);
  void for_each(const std::function<void(const std::string& token, const std::string& receiver, Number)>& look) const;

private:
  std::map<std::string, std::map<std::string, Number>> emissions_; // by token and receiver
  std::deque<std::string> oldest_;                                 // tokens, the oldest first
  std::size_t numbers_ = 0;                                        // in all emissions
};

} // namespace upstart::mqtt_bridge
