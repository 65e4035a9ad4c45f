// What the files are called that the console output of jobs goes to, in the log directory: the supervisor writes them,
// clients read them. Names are at most 254 bytes long.
#pragma once

#include <string>
#include <string_view>

namespace upstart::protocol {

// JOB.log or JOB-INSTANCE.log, slashes made underscores, as the original has it. Several jobs and instances may have
// the same one.
[[nodiscard]] std::string log_name(std::string_view job, std::string_view instance);
// Another one, which no other job or instance has: for one whose log_name is in use by another.
[[nodiscard]] std::string unlike_log_name(std::string_view job, std::string_view instance);

} // namespace upstart::protocol
