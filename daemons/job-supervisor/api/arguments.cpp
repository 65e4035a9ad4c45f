#include "daemons/job-supervisor/api/arguments.hpp"

#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <format>

namespace upstart::supervisor {

namespace {

// The numbers of descriptors are given out from below: one in the last quarter of what the process may have means that
// three quarters are taken.
bool few_descriptors_left(int newest) {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && static_cast<rlim_t>(newest) >= limit.rlim_cur / 4 * 3;
}

} // namespace

void raise(const CommandError& error) {
  throw sdbus::Error{sdbus::Error::Name{error.name}, protocol::readable(error.message)};
}
void raise(const char* name, const std::string& message) { raise(CommandError{name, message}); }

ClassEntry* find_class(const ClassTable& classes, const std::string& name) {
  if (auto* exact = classes.find(name)) return exact;
  if (auto* bytes = classes.find(protocol::unescaped(name))) return bytes;
  if (!name.contains("\xEF\xBF\xBD")) return nullptr; // U+FFFD
  ClassEntry* found = nullptr;
  for (const auto& [other, entry] : classes.all()) {
    if (protocol::readable(other) != name) continue;
    if (found != nullptr) return nullptr;
    found = entry.get();
  }
  return found;
}

const ClassEntry& class_or_raise(const Jobs& jobs, const std::string& name) {
  if (const auto* entry = find_class(jobs.classes(), name)) return *entry;
  raise(protocol::error_name::unknown_job, "Unknown job: " + protocol::unescaped(name));
}

Event event_or_raise(std::string name, std::vector<std::string> env, SharedFiles files) {
  if (name.empty()) raise(protocol::error_name::invalid_args, "Name may not be empty string");
  if (auto fault = protocol::environment_fault(env)) raise(protocol::error_name::invalid_args, *fault);
  Event event{.name = std::move(name), .environment = protocol::Environment{env}, .files = std::move(files)};
  if (event.environment.size() != env.size()) event.as_given = std::move(env);
  return event;
}

std::shared_ptr<const base::FileDescriptor> descriptor_or_raise(const sdbus::UnixFd& file, const char* whose) {
  auto descriptor = std::make_shared<const base::FileDescriptor>(::fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
  if (!*descriptor || few_descriptors_left(descriptor->get()))
    raise(protocol::error_name::limits_exceeded, std::format("There is no descriptor left to take {}", whose));
  return descriptor;
}

} // namespace upstart::supervisor
