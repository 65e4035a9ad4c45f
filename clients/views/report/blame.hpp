// Which jobs took how long, the longest first. Pure.
#pragma once

#include "clients/base/json.hpp"
#include "clients/views/timeline/run.hpp"

namespace upstart::client {

// One line a run: how long from starting until it was up, its name, and where most of that went.
[[nodiscard]] std::string blame_in_words(const Timeline& timeline);
[[nodiscard]] Json blame_as_json(const Timeline& timeline);

} // namespace upstart::client
