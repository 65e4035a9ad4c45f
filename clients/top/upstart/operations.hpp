// What the keys of top bring about: commands to the Upstart, and what initctl has to say of a job.
#pragma once

#include "clients/base/upstart.hpp"
#include "clients/top/model/model.hpp"

namespace upstart::top {

// Start, stop, restart, without waiting for the job. What is to be said of it; throws sdbus::Error when the connection
// is lost.
[[nodiscard]] std::string command(client::Upstart& upstart, const Wish& wish);

// What this program prints, on standard output and standard error.
[[nodiscard]] std::string output_of(std::vector<std::string> words);

} // namespace upstart::top
