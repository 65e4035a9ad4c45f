#include "clients/base/upstart.hpp"

#include "protocol/names.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <ranges>

namespace upstart::client {

namespace {

using Properties = std::map<sdbus::PropertyName, sdbus::Variant>;
using Paths = std::vector<sdbus::ObjectPath>;

template <typename Value> Value take(const Properties& properties, const char* name) {
  auto found = properties.find(sdbus::PropertyName{name});
  return found == properties.end() ? Value{} : found->second.get<Value>();
}

InstanceStatus status_from(const std::string& job, const Properties& properties) {
  InstanceStatus status{.job = job,
                        .instance = take<std::string>(properties, "name"),
                        .goal = take<std::string>(properties, "goal"),
                        .state = take<std::string>(properties, "state"),
                        .processes = {}};
  for (const auto& [name, pid] : take<std::vector<sdbus::Struct<std::string, std::int32_t>>>(properties, "processes"))
    status.processes.push_back({name, pid});
  return status;
}

ClassDetails details_from(const Properties& properties) {
  auto text = [&](const char* name) { return take<std::string>(properties, name); };
  using Conditions = std::vector<std::vector<std::string>>;
  return {.name = text("name"),
          .description = text("description"),
          .author = text("author"),
          .version = text("version"),
          .usage = text("usage"),
          .emits = take<std::vector<std::string>>(properties, "emits"),
          .start_on = take<Conditions>(properties, "start_on"),
          .stop_on = take<Conditions>(properties, "stop_on")};
}

std::string job_of(const sdbus::ObjectPath& path) {
  auto address = protocol::address_of_path(path);
  return address ? address->job : std::string{path};
}

// Many questions over one connection, sent without waiting for the answers in between. At most `window` are open at a
// time, which a bus daemon's limit on pending replies allows. Objects that have been removed meanwhile are ignored.
class Questions {
public:
  explicit Questions(Connection& connection) : connection_{connection} {}

  using Arguments = std::function<void(sdbus::MethodCall&)>;

  template <typename Answer>
  void ask(const sdbus::ObjectPath& path, const char* interface, const char* method, const Arguments& add_arguments,
           std::function<void(const Answer&)> answered) {
    while (open_ >= window) connection_.handle_message();
    auto& proxy = *proxies_.emplace_back(sdbus::createProxy(connection_.sdbus(), connection_.destination(), path));
    auto call = proxy.createMethodCall(sdbus::InterfaceName{interface}, sdbus::MethodName{method});
    add_arguments(call);
    ++open_;
    proxy.callMethodAsync(
        call, [this, answered = std::move(answered)](sdbus::MethodReply reply, std::optional<sdbus::Error> error) {
          --open_;
          if (error) return note(*error);
          Answer answer;
          reply >> answer;
          answered(answer);
        });
  }

  // Waits for the answers to all; throws the first error that is not a disappearance.
  void wait() {
    while (open_ > 0) connection_.handle_message();
    proxies_.clear();
    if (error_) throw sdbus::Error{*error_};
  }

private:
  static constexpr std::size_t window = 64;

  void note(const sdbus::Error& error) {
    if (!is_gone(error) && !error_) error_ = error;
  }

  Connection& connection_;
  std::vector<std::unique_ptr<sdbus::IProxy>> proxies_;
  std::size_t open_ = 0;
  std::optional<sdbus::Error> error_;
};

constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";

void no_arguments(sdbus::MethodCall&) {}

Questions::Arguments of_interface(const char* name) {
  return [name](sdbus::MethodCall& call) { call << std::string{name}; };
}

// The connection broke while an answer was awaited.
bool is_lost(const sdbus::Error& error) {
  constexpr std::array names{"org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Disconnected",
                             "System.Error.ECONNRESET", "System.Error.ENOTCONN", "System.Error.EPIPE"};
  return std::ranges::contains(names, std::string_view{error.getName()});
}

} // namespace

Failure explained(const sdbus::Error& error, const Target& target) {
  std::string_view name = error.getName();
  if (name == "org.freedesktop.DBus.Error.ServiceUnknown" || name == "org.freedesktop.DBus.Error.NameHasNoOwner")
    return {std::format("Name \"{}\" does not exist", target.destination)};
  if (is_lost(error)) return {"Upstart went away before it answered. Whether the command took effect is not known."};
  if (std::string_view{error.getMessage()}.starts_with("Failed to serialize a string value"))
    return {"an argument is not UTF-8 text, which is all that D-Bus carries"};
  return {error.getMessage()};
}

bool is_gone(const sdbus::Error& error) { return error.getName() == protocol::error_name::unknown_method; }

Manager::Manager(Connection& connection)
    : ProxyInterfaces(connection.sdbus(), connection.destination(), sdbus::ObjectPath{protocol::path::manager}) {}

JobClass::JobClass(Connection& connection, sdbus::ObjectPath path)
    : ProxyInterfaces(connection.sdbus(), connection.destination(), std::move(path)) {}

Instance::Instance(Connection& connection, sdbus::ObjectPath path)
    : ProxyInterfaces(connection.sdbus(), connection.destination(), std::move(path)) {}

InstanceStatus Upstart::status_at(const std::string& job, const sdbus::ObjectPath& path) {
  try {
    auto instance_here = instance(path);
    return status_from(job, instance_here.getProxy().getAllProperties().onInterface(Instance::INTERFACE_NAME));
  } catch (const sdbus::Error& error) {
    if (is_gone(error)) return {.job = job};
    throw;
  }
}

InstanceStatus Upstart::start_and_look(const std::string& job, const std::vector<std::string>& environment) {
  sdbus::ObjectPath job_path = manager_.GetJobByName(job);
  sdbus::ObjectPath likely{protocol::instance_path(job, "")};
  std::optional<sdbus::ObjectPath> started;
  std::optional<InstanceStatus> seen;
  Questions questions{connection_};
  auto arguments = [&](sdbus::MethodCall& call) { call << environment << false; };
  questions.ask<sdbus::ObjectPath>(job_path, JobClass::INTERFACE_NAME, "Start", arguments,
                                   [&](const auto& path) { started = path; });
  questions.ask<Properties>(likely, properties_interface, "GetAll", of_interface(Instance::INTERFACE_NAME),
                            [&](const Properties& answer) { seen = status_from(job, answer); });
  questions.wait();
  if (seen && started == likely) return *seen;
  return started ? status_at(job, *started) : InstanceStatus{.job = job};
}

std::vector<std::string> Upstart::job_names() {
  std::vector<std::string> names;
  for (const auto& path : manager_.GetAllJobs()) names.push_back(job_of(path));
  std::ranges::sort(names);
  return names;
}

std::vector<InstanceStatus> Upstart::all_statuses() {
  std::vector<InstanceStatus> statuses;
  std::vector<std::pair<std::string, Paths>> instances_of_jobs;
  Questions questions{connection_};
  for (const auto& job : manager_.GetAllJobs())
    questions.ask<Paths>(
        job, JobClass::INTERFACE_NAME, "GetAllInstances", no_arguments,
        [&, name = job_of(job)](const Paths& instances) { instances_of_jobs.emplace_back(name, instances); });
  questions.wait();
  for (const auto& [job, instances] : instances_of_jobs) {
    if (instances.empty()) statuses.push_back({.job = job});
    for (const auto& path : instances)
      questions.ask<Properties>(
          path, properties_interface, "GetAll", of_interface(Instance::INTERFACE_NAME),
          [&, name = job](const Properties& answer) { statuses.push_back(status_from(name, answer)); });
  }
  questions.wait();
  std::ranges::sort(statuses, {}, [](const InstanceStatus& status) { return std::tie(status.job, status.instance); });
  return statuses;
}

ClassDetails Upstart::details_of(const std::string& job) {
  auto found = job_class(job);
  return details_from(found.getProxy().getAllProperties().onInterface(JobClass::INTERFACE_NAME));
}

std::vector<ClassDetails> Upstart::all_details() {
  std::vector<ClassDetails> details;
  Questions questions{connection_};
  for (const auto& job : manager_.GetAllJobs())
    questions.ask<Properties>(job, properties_interface, "GetAll", of_interface(JobClass::INTERFACE_NAME),
                              [&](const Properties& answer) { details.push_back(details_from(answer)); });
  questions.wait();
  std::ranges::sort(details, {}, &ClassDetails::name);
  return details;
}

} // namespace upstart::client
