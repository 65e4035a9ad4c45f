// The critical chain in words and as JSON. Pure.
#pragma once

#include "clients/base/json.hpp"
#include "clients/views/timeline/critical-chain.hpp"

namespace upstart::client {

[[nodiscard]] std::string chain_in_words(const std::vector<ChainLink>& chain);
[[nodiscard]] Json chain_as_json(const std::vector<ChainLink>& chain);

} // namespace upstart::client
