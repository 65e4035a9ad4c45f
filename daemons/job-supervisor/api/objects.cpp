#include "daemons/job-supervisor/api/objects.hpp"

#include "daemons/job-supervisor/api/arguments.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <algorithm>

namespace upstart::supervisor {

using protocol::readable; // what job files and environments say is bytes, what clients get to see is text

namespace {

EnvironmentTarget target(const std::vector<std::string>& job_details) {
  if (job_details.empty()) return {};
  if (job_details.front().empty()) raise(protocol::error_name::invalid_args, "Job may not be empty string");
  return {.instance = {{job_details[0], job_details.size() > 1 ? job_details[1] : ""}}};
}

sdbus::ObjectPath object_path(const std::string& job, const std::string& instance) {
  return sdbus::ObjectPath{protocol::instance_path(job, instance)};
}

void note_size(Client& client, const std::vector<sdbus::ObjectPath>& paths) {
  std::size_t bytes = 0;
  for (const auto& path : paths) bytes += path.size() + 8;
  client.connection().note_answer(bytes);
}

} // namespace

// --- manager --------------------------------------------------------------------------------------------------------

ManagerObject::ManagerObject(Client& client)
    : AdaptorInterfaces(client.connection().sdbus(), sdbus::ObjectPath{protocol::path::manager}), client_{client} {
  registerAdaptor();
}
ManagerObject::~ManagerObject() { unregisterAdaptor(); }

void ManagerObject::ReloadConfiguration() { client_.control().reload_configuration(); }

sdbus::ObjectPath ManagerObject::GetJobByName(const std::string& name) {
  if (name.empty()) raise(protocol::error_name::invalid_args, "Name may not be empty string");
  return sdbus::ObjectPath{protocol::job_path(class_or_raise(client_.jobs(), name).name())};
}

std::vector<sdbus::ObjectPath> ManagerObject::GetAllJobs() {
  std::vector<sdbus::ObjectPath> paths;
  paths.reserve(client_.jobs().classes().all().size());
  for (const auto& [name, _] : client_.jobs().classes().all()) paths.emplace_back(protocol::job_path(name));
  note_size(client_, paths);
  return paths;
}

std::string ManagerObject::GetState() {
  std::string state = readable(client_.control().state_as_json());
  client_.connection().note_answer(state.size());
  return state;
}
void ManagerObject::Restart() { client_.control().restart(client_.caller(getObject())); }

void ManagerObject::emit_event(sdbus::Result<>&& result, Event event, bool wait) {
  auto caller = client_.caller(getObject());
  Origin origin{.uid = caller.uid, .pid = static_cast<std::uint32_t>(caller.pid)};
  if (wait) return client_.jobs().emit(std::move(event), origin, client_.reply_later(getObject(), std::move(result)));
  client_.jobs().emit(std::move(event), origin);
  result.returnResults();
}

void ManagerObject::EmitEvent(sdbus::Result<>&& result, std::string name, std::vector<std::string> env, bool wait) {
  emit_event(std::move(result), event_or_raise(std::move(name), std::move(env)), wait);
}

void ManagerObject::EmitEventWithFile(sdbus::Result<>&& result, std::string name, std::vector<std::string> env,
                                      bool wait, sdbus::UnixFd file) {
  auto event = event_or_raise(std::move(name), std::move(env));
  event.files = {descriptor_or_raise(file, "the event's")};
  emit_event(std::move(result), std::move(event), wait);
}

void ManagerObject::refuse_for_process_1() {
  if (client_.control().is_process_1())
    raise(protocol::error_name::permission_denied, "Not permissible to modify PID 1 job environment");
}

std::string ManagerObject::GetEnv(const std::vector<std::string>& job_details, const std::string& name) {
  return readable(value_or_raise(client_.jobs().environments().get(target(job_details), name)));
}
void ManagerObject::SetEnv(const std::vector<std::string>& job_details, const std::string& var, const bool& replace) {
  SetEnvList(job_details, {var}, replace);
}
void ManagerObject::SetEnvList(const std::vector<std::string>& job_details, const std::vector<std::string>& vars,
                               const bool& replace) {
  refuse_for_process_1();
  value_or_raise(client_.jobs().environments().set(target(job_details), vars, replace));
}
void ManagerObject::UnsetEnv(const std::vector<std::string>& job_details, const std::string& name) {
  UnsetEnvList(job_details, {name});
}
void ManagerObject::UnsetEnvList(const std::vector<std::string>& job_details, const std::vector<std::string>& names) {
  refuse_for_process_1();
  value_or_raise(client_.jobs().environments().unset(target(job_details), names));
}
std::vector<std::string> ManagerObject::ListEnv(const std::vector<std::string>& job_details) {
  return readable(value_or_raise(client_.jobs().environments().list(target(job_details))));
}
void ManagerObject::ResetEnv(const std::vector<std::string>& job_details) {
  refuse_for_process_1();
  value_or_raise(client_.jobs().environments().reset(target(job_details)));
}

void ManagerObject::NotifyDiskWriteable() { client_.control().logs_writable(); }
void ManagerObject::NotifyDBusAddress(sdbus::Result<>&& result, std::string address) {
  client_.control().join_bus(address, client_.reply_later(getObject(), std::move(result)).reply);
}
// Control groups are made through the mounted hierarchy: there is no manager to talk to, and nothing to do.
void ManagerObject::NotifyCGroupManagerAddress(const std::string&) {}
void ManagerObject::EndSession() { client_.control().end_session(); }

std::string ManagerObject::version() { return "init (upstart " UPSTART_VERSION ")"; }
std::string ManagerObject::log_priority() { return client_.control().log_priority(); }
void ManagerObject::log_priority(const std::string& value) {
  if (!client_.control().set_log_priority(value))
    raise(protocol::error_name::invalid_args, "The log priority given was not recognised");
}

// --- job ------------------------------------------------------------------------------------------------------------

JobObject::JobObject(Client& client, std::string job, bool registered)
    : AdaptorInterfaces(client.connection().sdbus(), sdbus::ObjectPath{protocol::job_path(job)}),
      client_{client},
      job_{std::move(job)},
      registered_{registered} {
  if (registered_) registerAdaptor();
}
JobObject::~JobObject() {
  if (registered_) unregisterAdaptor();
}

ClassEntry& JobObject::entry() const {
  if (auto* entry = client_.jobs().classes().find(job_)) return *entry;
  raise(protocol::error_name::unknown_method, "Unknown job: " + job_);
}

sdbus::ObjectPath JobObject::GetInstance(const std::vector<std::string>& env) {
  auto* job = value_or_raise(client_.jobs().commands().find_instance(entry(), env));
  return object_path(job_, job->instance());
}

sdbus::ObjectPath JobObject::GetInstanceByName(const std::string& name) {
  if (client_.jobs().classes().find(job_, name) == nullptr)
    raise(protocol::error_name::unknown_instance, "Unknown instance: " + name);
  return object_path(job_, name);
}

std::vector<sdbus::ObjectPath> JobObject::GetAllInstances() {
  std::vector<sdbus::ObjectPath> paths;
  for (const auto& [instance, _] : entry().instances()) paths.push_back(object_path(job_, instance));
  note_size(client_, paths);
  return paths;
}

void JobObject::Start(sdbus::Result<sdbus::ObjectPath>&& result, std::vector<std::string> env, bool wait) {
  client_.jobs().commands().start(entry(), env, wait, client_.reply_later(getObject(), std::move(result)));
}
void JobObject::Stop(sdbus::Result<>&& result, std::vector<std::string> env, bool wait) {
  client_.jobs().commands().stop(entry(), env, wait, client_.reply_later(getObject(), std::move(result)));
}
void JobObject::Restart(sdbus::Result<sdbus::ObjectPath>&& result, std::vector<std::string> env, bool wait) {
  client_.jobs().commands().restart(entry(), env, wait, client_.reply_later(getObject(), std::move(result)));
}

std::string JobObject::name() { return readable(entry().name()); }
std::string JobObject::description() { return readable(entry().job_class()->description); }
std::string JobObject::author() { return readable(entry().job_class()->author); }
std::string JobObject::version() { return readable(entry().job_class()->version); }
std::vector<std::vector<std::string>> JobObject::start_on() { return readable(postfix(entry().job_class()->start_on)); }
std::vector<std::vector<std::string>> JobObject::stop_on() { return readable(postfix(entry().job_class()->stop_on)); }
std::vector<std::string> JobObject::emits() { return readable(entry().job_class()->emits); }
std::string JobObject::usage() { return readable(entry().job_class()->usage); }

// --- instance -------------------------------------------------------------------------------------------------------

InstanceObject::InstanceObject(Client& client, std::string job, std::string instance, bool registered)
    : AdaptorInterfaces(client.connection().sdbus(), object_path(job, instance)),
      client_{client},
      job_{std::move(job)},
      instance_{std::move(instance)},
      registered_{registered} {
  if (registered_) registerAdaptor();
}
InstanceObject::~InstanceObject() {
  if (registered_) unregisterAdaptor();
}

Job& InstanceObject::job() const {
  if (auto* job = client_.jobs().classes().find(job_, instance_)) return *job;
  raise(protocol::error_name::unknown_method, "Unknown instance: " + instance_);
}

void InstanceObject::Start(sdbus::Result<>&& result, bool wait) {
  client_.jobs().commands().start(job(), wait, client_.reply_later(getObject(), std::move(result)));
}
void InstanceObject::Stop(sdbus::Result<>&& result, bool wait) {
  client_.jobs().commands().stop(job(), wait, client_.reply_later(getObject(), std::move(result)));
}
void InstanceObject::Restart(sdbus::Result<>&& result, bool wait) {
  client_.jobs().commands().restart(job(), wait, client_.reply_later(getObject(), std::move(result)));
}
void InstanceObject::Reload() { value_or_raise(client_.jobs().commands().reload(job())); }

std::string InstanceObject::name() { return readable(job().instance()); }
std::string InstanceObject::goal() { return std::string{name_of(job().life().goal)}; }
std::string InstanceObject::state() { return std::string{name_of(job().life().state)}; }
std::vector<sdbus::Struct<std::string, int32_t>> InstanceObject::processes() {
  std::vector<sdbus::Struct<std::string, int32_t>> processes;
  const auto& life = job().life();
  for (std::size_t i = 0; i < process_kinds; ++i)
    if (auto pid = life.processes[i].pid; pid > 0)
      processes.emplace_back(std::string{name_of(static_cast<ProcessKind>(i))}, pid);
  return processes;
}

} // namespace upstart::supervisor
