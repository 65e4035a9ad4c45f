// Runs as JSON: times are µs since this init began.
#pragma once

#include "clients/base/json.hpp"
#include "clients/views/timeline/critical-chain.hpp"

namespace upstart::client {

[[nodiscard]] Json to_json(const Run& run, Time now);
// All that a plot shows.
[[nodiscard]] Json plot_as_json(const Timeline& timeline, const Window& window, const std::vector<ChainLink>& chain);

} // namespace upstart::client
