// Which instance of a job KEY=VALUE words mean: init makes its name of them, also where it is not there.
#pragma once

#include "clients/base/failure.hpp"
#include "clients/base/upstart.hpp"

#include <optional>
#include <string>
#include <vector>

namespace upstart::client {

// That one of the words is no KEY=VALUE; nothing: all are.
[[nodiscard]] std::optional<Failure> fault_in_variables(const std::vector<std::string>& words);

// Nothing where no word is given. Errors of D-Bus are thrown: there is no such job, or a variable that names the
// instance is missing.
[[nodiscard]] std::optional<std::string> instance_meant(Upstart& upstart, const std::string& job,
                                                        const std::vector<std::string>& words);

} // namespace upstart::client
