// What to do about an error of a command: a line for the person at the keyboard, behind the error itself.
#pragma once

#include "clients/base/upstart.hpp"
#include "clients/initctl/command/call.hpp"

namespace upstart::client {

// Asks the daemon once more; empty where there is nothing to say.
[[nodiscard]] std::string advice_on(const sdbus::Error& error, const Call& call, Upstart& upstart);

// The same of an event, whose variables are the other arguments.
[[nodiscard]] std::string advice_on_event(const sdbus::Error& error, const Call& call, Upstart& upstart);

// What to write in place of the first of these that is no KEY=VALUE; empty: there is none.
[[nodiscard]] std::string advice_on_keyless(const std::vector<std::string>& variables);

// Which job may be meant by the name of one that is not there.
[[nodiscard]] std::string advice_on_missing(const std::string& job, Upstart& upstart);

// What to do about an error that a command on this job has met; it may be one of several.
[[nodiscard]] std::string advice_on_job(const sdbus::Error& error, const std::string& job, Upstart& upstart);

} // namespace upstart::client
