#include "daemons/job-supervisor/jobs/tables/environment-tables.hpp"

namespace upstart::supervisor {

namespace {

constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

protocol::Environment initial_table(const protocol::Environment& own, bool inherit) {
  protocol::Environment initial;
  initial.set("PATH", own.get("PATH").value_or(default_path));
  initial.set("TERM", own.get("TERM").value_or("linux"));
  if (inherit) initial.merge(own);
  return initial;
}

} // namespace

EnvironmentTables::EnvironmentTables(protocol::Environment own, bool inherit)
    : own_{std::move(own)}, initial_{initial_table(own_, inherit)}, global_{initial_} {}

protocol::Environment EnvironmentTables::of_class(const JobClass& job_class) const {
  auto environment = global_;
  add_env(environment, job_class);
  return environment;
}

protocol::Environment EnvironmentTables::of_class_alone(const JobClass& job_class) const {
  protocol::Environment environment;
  add_env(environment, job_class);
  return environment;
}

void EnvironmentTables::add_env(protocol::Environment& environment, const JobClass& job_class) const {
  for (const auto& entry : job_class.env) {
    if (entry.contains('=')) environment.set_string(entry);
    else if (auto value = own_.get(entry)) environment.set(entry, *value);
    else environment.unset(entry);
  }
}

} // namespace upstart::supervisor
