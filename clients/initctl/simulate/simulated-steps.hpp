// The steps of a simulation as the supervisor tells them, in words.
#pragma once

#include "clients/base/json.hpp"

#include <string>

namespace upstart::client {

[[nodiscard]] std::string simulation_in_words(const Json& steps);

} // namespace upstart::client
