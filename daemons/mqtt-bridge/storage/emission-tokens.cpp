#include "daemons/mqtt-bridge/storage/emission-tokens.hpp"

namespace upstart::mqtt_bridge {

std::optional<EmissionTokens::Number> EmissionTokens::find(const std::string& token,
                                                           const std::string& receiver) const {
  auto emission = emissions_.find(token);
  if (emission == emissions_.end()) return std::nullopt;
  auto number = emission->second.find(receiver);
  if (number == emission->second.end()) return std::nullopt;
  return number->second;
}

void EmissionTokens::add(const std::string& token, const std::string& receiver, Number number,
                         const std::function<void(Number)>& forgotten) {
  auto [emission, is_new] = emissions_.try_emplace(token);
  if (is_new) oldest_.push_back(token);
  if (emission->second.insert_or_assign(receiver, number).second) ++numbers_;
  while (emissions_.size() > most_emissions || (numbers_ > most_numbers && emissions_.size() > 1)) {
    auto oldest = emissions_.extract(oldest_.front());
    oldest_.pop_front();
    for (const auto& [its_receiver, its_number] : oldest.mapped()) forgotten(its_number);
    numbers_ -= oldest.mapped().size();
  }
}

void EmissionTokens::for_each(
    const std::function<void(const std::string& token, const std::string& receiver, Number)>& look) const {
  for (const auto& [token, numbers] : emissions_)
    for (const auto& [receiver, number] : numbers) look(token, receiver, number);
}

} // namespace upstart::mqtt_bridge
