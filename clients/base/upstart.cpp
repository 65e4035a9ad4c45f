#include "clients/base/upstart.hpp"

#include "clients/base/supervisor.hpp"
#include "protocol/jobs/job-summary.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <format>
#include <ranges>
#include <system_error>

namespace upstart::client {

namespace {

using Paths = std::vector<sdbus::ObjectPath>;

template <typename Value> Value take(const Properties& properties, const char* name) {
  auto found = properties.find(sdbus::PropertyName{name});
  return found == properties.end() ? Value{} : found->second.get<Value>();
}

} // namespace

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

namespace {

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

void no_arguments(sdbus::MethodCall&) {}

// Nobody has the name on the bus.
bool has_no_owner(const sdbus::Error& error) {
  std::string_view name = error.getName();
  return name == "org.freedesktop.DBus.Error.ServiceUnknown" || name == "org.freedesktop.DBus.Error.NameHasNoOwner";
}

// The bus daemon does not pass the message on, by its policy; init was not asked.
bool is_refused_by_bus(const sdbus::Error& error) {
  std::string_view message = error.getMessage();
  return error.getName() == "org.freedesktop.DBus.Error.AccessDenied" &&
         (message.starts_with("Rejected send message") || message.starts_with("Sender is not authorized"));
}

// Names one command of a program, and nobody else's.
std::string random_token() {
  std::array<std::uint64_t, 2> bits{};
  if (::getrandom(bits.data(), sizeof bits, 0) != sizeof bits) throw std::system_error{errno, std::generic_category()};
  return std::format("{:016x}{:016x}", bits[0], bits[1]);
}

} // namespace

Failure explained(const sdbus::Error& error, const Target& target) {
  if (has_no_owner(error))
    return {std::format("Name \"{}\" does not exist", target.destination), false, way_to_session};
  if (is_lost(error)) return went_away();
  if (is_refused_by_bus(error))
    return {.message = "this needs root: on the system bus other users may only look",
            .hint =
                "run the same command as root, such as by sudo; for an init of your own see `initctl list-sessions'"};
  if (std::string_view{error.getMessage()}.starts_with("Failed to serialize a string value"))
    return {"an argument is not UTF-8 text, which is all that D-Bus carries"};
  return {error.getMessage()};
}

// --- the connection
// ---------------------------------------------------------------------------------------------------

Upstart::Upstart(std::unique_ptr<Connection> connection, const ProcessContext& context)
    : connection_{std::move(connection)},
      manager_{std::make_unique<Manager>(*connection_)},
      reconnection_{context},
      token_{context.command_token} {}

std::expected<void, Failure> Upstart::come_back() {
  auto connection = reconnection_.connect_again(connection_->target());
  if (!connection) return std::unexpected{connection.error()};
  manager_ = std::make_unique<Manager>(**connection); // before the old connection goes, on which the old one stands
  connection_ = std::move(*connection);
  tokens_given_ = 0;
  return {};
}

bool Upstart::may_repeat(const sdbus::Error& error) const {
  return may_repeat_ && (is_lost(error) || (has_no_owner(error) && will_be_on_its_bus()));
}

// It was there before, or another of its daemons is there.
bool Upstart::will_be_on_its_bus() const {
  if (reconnection_.times() > 0) return true;
  auto bus = sdbus::createProxy(connection_->sdbus(), sdbus::ServiceName{"org.freedesktop.DBus"},
                                sdbus::ObjectPath{"/org/freedesktop/DBus"});
  bool is_there = false;
  bus->callMethod("NameHasOwner")
      .onInterface("org.freedesktop.DBus")
      .withArguments(std::string{protocol::bus_name::event_broker})
      .storeResultsTo(is_there);
  return is_there;
}

std::string Upstart::next_token() {
  if (token_.empty()) token_ = random_token();
  return std::format("{}.{}", token_, ++tokens_given_);
}

// --- its objects
// ------------------------------------------------------------------------------------------------------

Manager::Manager(Connection& connection)
    : ProxyInterfaces(connection.sdbus(), connection.destination(), sdbus::ObjectPath{protocol::path::manager}) {}

JobClass::JobClass(Connection& connection, sdbus::ObjectPath path)
    : ProxyInterfaces(connection.sdbus(), connection.destination(), std::move(path)) {}

Instance::Instance(Connection& connection, sdbus::ObjectPath path)
    : ProxyInterfaces(connection.sdbus(), connection.destination(), std::move(path)) {}

JobClass Upstart::job_class(const std::string& name) {
  return {*connection_, manager_->GetJobByName(protocol::escaped(name))};
}

InstanceStatus Upstart::status_at(const std::string& job, const sdbus::ObjectPath& path) {
  try {
    auto instance_here = instance(path);
    return status_from(job, instance_here.getProxy().getAllProperties().onInterface(Instance::INTERFACE_NAME));
  } catch (const sdbus::Error& error) {
    if (is_gone(error)) return {.job = job};
    throw;
  }
}

std::vector<std::string> Upstart::job_names() {
  std::vector<std::string> names;
  for (const auto& path : manager_->GetAllJobs()) names.push_back(job_of(path));
  std::ranges::sort(names);
  return names;
}

namespace {

// False where U+FFFD stands in the place of bytes that JSON cannot carry.
bool is_whole(std::string_view name) { return !name.contains("\xEF\xBF\xBD"); }

// Nothing where the job supervisor tells it in another way, or a name cannot be told so.
std::optional<std::vector<InstanceStatus>> statuses_from(const std::string& summaries) {
  auto jobs = protocol::job_summaries_from_json(summaries);
  if (!jobs) return std::nullopt;
  std::vector<InstanceStatus> statuses;
  for (auto& job : *jobs) {
    if (!is_whole(job.name)) return std::nullopt;
    if (job.instances.empty()) statuses.push_back({.job = job.name});
    for (auto& instance : job.instances) {
      if (!is_whole(instance.name)) return std::nullopt;
      auto& status = statuses.emplace_back(InstanceStatus{.job = job.name,
                                                          .instance = std::move(instance.name),
                                                          .goal = std::move(instance.goal),
                                                          .state = std::move(instance.state)});
      for (auto& process : instance.processes) status.processes.push_back({std::move(process.name), process.pid});
    }
  }
  return statuses;
}

} // namespace

// One question, where its supervisor knows it: an object for each job, as the original has them, costs far more.
std::optional<std::vector<InstanceStatus>> Upstart::summarized_statuses() {
  try {
    return statuses_from(Supervisor{*connection_}.ListJobs());
  } catch (const sdbus::Error& error) {
    if (!is_not_taken(error)) throw;
    return std::nullopt;
  }
}

std::vector<InstanceStatus> Upstart::asked_statuses() {
  std::vector<InstanceStatus> statuses;
  std::vector<std::pair<std::string, Paths>> instances_of_jobs;
  Questions questions{*connection_};
  for (const auto& job : manager_->GetAllJobs())
    questions.ask<Paths>(
        job, JobClass::INTERFACE_NAME, "GetAllInstances", no_arguments,
        [&, name = job_of(job)](const Paths& instances) { instances_of_jobs.emplace_back(name, instances); });
  questions.wait();
  for (const auto& [job, instances] : instances_of_jobs) {
    if (instances.empty()) statuses.push_back({.job = job});
    for (const auto& path : instances)
      questions.ask_properties(path, Instance::INTERFACE_NAME, [&, name = job](const Properties& answer) {
        statuses.push_back(status_from(name, answer));
      });
  }
  questions.wait();
  return statuses;
}

std::vector<InstanceStatus> Upstart::all_statuses() {
  auto summarized = summarized_statuses();
  auto statuses = summarized ? std::move(*summarized) : asked_statuses();
  std::ranges::sort(statuses, {}, [](const InstanceStatus& status) { return std::tie(status.job, status.instance); });
  return statuses;
}

ClassDetails Upstart::details_of(const std::string& job) {
  auto found = job_class(job);
  return details_from(found.getProxy().getAllProperties().onInterface(JobClass::INTERFACE_NAME));
}

std::vector<ClassDetails> Upstart::all_details() {
  std::vector<ClassDetails> details;
  Questions questions{*connection_};
  for (const auto& job : manager_->GetAllJobs())
    questions.ask_properties(job, JobClass::INTERFACE_NAME,
                             [&](const Properties& answer) { details.push_back(details_from(answer)); });
  questions.wait();
  std::ranges::sort(details, {}, &ClassDetails::name);
  return details;
}

} // namespace upstart::client
