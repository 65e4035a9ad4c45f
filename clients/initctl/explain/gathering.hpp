// Asks the daemons for what is known of a job, and reads what it has printed: all that explain and show are made from.
#pragma once

#include "clients/initctl/command/call.hpp"
#include "clients/initctl/explain/explanation.hpp"
#include "clients/initctl/explain/knowledge.hpp"

namespace upstart::client {

// The state of a job. The failure says what may be meant by the name of a job that is not there.
[[nodiscard]] std::expected<protocol::JobState, Failure> describe(const Call& call, const std::string& job);
[[nodiscard]] std::expected<Knowledge, Failure> gather(const protocol::JobState& state, const Call& call);
// Fills in where in its files each condition stands that can never come true.
void locate(Explanation& explanation, const Call& call);
// That what jobs print cannot be written, since there is no directory for it; empty: there is, or it cannot be seen.
[[nodiscard]] std::string missing_log_directory(const Call& call);
// The last lines of its log; nothing where there are none that can be read.
[[nodiscard]] std::optional<LogTail> log_tail(const Call& call, const std::string& job, const std::string& instance,
                                              std::size_t lines);

} // namespace upstart::client
