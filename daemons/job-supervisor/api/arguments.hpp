// What the arguments of a method stand for, the same for every object: classes, events and descriptors; and the errors
// that answer a call (dbus-api.md). Whatever raises throws an sdbus::Error with the name and text that the client gets.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/job-supervisor/jobs/jobs.hpp"
#include "daemons/job-supervisor/jobs/values/command.hpp"

#include <sdbus-c++/sdbus-c++.h>

#include <expected>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace upstart::supervisor {

[[noreturn]] void raise(const CommandError& error);
[[noreturn]] void raise(const char* name, const std::string& message);

template <typename Value> Value value_or_raise(std::expected<Value, CommandError> result) {
  if (!result) raise(result.error());
  if constexpr (!std::is_void_v<Value>) return std::move(*result);
}

// The class that a client means: by its very name, by that name escaped, or as clients get to see it, where only one
// looks so. Nothing where there is none.
[[nodiscard]] ClassEntry* find_class(const ClassTable& classes, const std::string& name);
// The same; raises UnknownJob.
[[nodiscard]] const ClassEntry& class_or_raise(const Jobs& jobs, const std::string& name);

// An event as a client gives it; raises InvalidArgs for an empty name or what is not KEY=VALUE.
[[nodiscard]] Event event_or_raise(std::string name, std::vector<std::string> env, SharedFiles files = {});

// A descriptor of ours for what came with the message, which closes its own. Raises LimitsExceeded, with whose it is
// ("the event's"), where few are left.
[[nodiscard]] std::shared_ptr<const base::FileDescriptor> descriptor_or_raise(const sdbus::UnixFd& file,
                                                                              const char* whose);

} // namespace upstart::supervisor
