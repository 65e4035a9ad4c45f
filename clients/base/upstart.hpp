// The init daemon as the commands see it: its manager, job classes and jobs, over one connection, with the proxies that
// are generated from the interface files. Errors arrive as sdbus::Error with the daemon's own words.
#pragma once

#include "clients/base/connection.hpp"
#include "clients/base/status.hpp"

#include "generated/Instance-proxy-stub.hpp"
#include "generated/Job-proxy-stub.hpp"
#include "generated/Upstart0_6-proxy-stub.hpp"

namespace upstart::client {

// These three only call: no signal is subscribed to, so that making one costs nothing on the wire.
class Manager : public sdbus::ProxyInterfaces<com::ubuntu::Upstart0_6_proxy_stub> {
public:
  explicit Manager(Connection& connection);
};

class JobClass : public sdbus::ProxyInterfaces<com::ubuntu::Upstart0_6::Job_proxy_stub> {
public:
  JobClass(Connection& connection, sdbus::ObjectPath path);
};

class Instance : public sdbus::ProxyInterfaces<com::ubuntu::Upstart0_6::Instance_proxy_stub> {
public:
  Instance(Connection& connection, sdbus::ObjectPath path);
};

// What a class says of itself.
struct ClassDetails {
  std::string name, description, author, version, usage;
  std::vector<std::string> emits;
  std::vector<std::vector<std::string>> start_on, stop_on; // postfix
};

class Upstart {
public:
  explicit Upstart(Connection& connection) : connection_{connection}, manager_{connection} {}

  [[nodiscard]] Connection& connection() { return connection_; }
  [[nodiscard]] Manager& manager() { return manager_; }
  [[nodiscard]] JobClass job_class(const std::string& name) { return {connection_, manager_.GetJobByName(name)}; }
  [[nodiscard]] Instance instance(const sdbus::ObjectPath& path) { return {connection_, path}; }

  // The status of the instance at this path; one that has gone is stopped.
  [[nodiscard]] InstanceStatus status_at(const std::string& job, const sdbus::ObjectPath& path);
  // Starts an instance without waiting for it; its status right then. The question for that of the single instance goes
  // out with the command: asked afterwards, a job that moves fast would have moved on.
  [[nodiscard]] InstanceStatus start_and_look(const std::string& job, const std::vector<std::string>& environment);
  // Of all jobs, sorted.
  [[nodiscard]] std::vector<std::string> job_names();
  // Of every instance, and of every class without one, sorted by name.
  [[nodiscard]] std::vector<InstanceStatus> all_statuses();
  // Of one class, or of all, sorted by name.
  [[nodiscard]] ClassDetails details_of(const std::string& job);
  [[nodiscard]] std::vector<ClassDetails> all_details();

private:
  Connection& connection_;
  Manager manager_;
};

// The daemon's own words, but where the one who should have answered is not there at all.
[[nodiscard]] Failure explained(const sdbus::Error& error, const Target& target);

// Connects to the Upstart that the options ask for and does this with it; errors of D-Bus become failures in words.
template <typename Do>
auto with_upstart(const TargetOptions& options, const ProcessContext& context, Do action)
    -> decltype(action(std::declval<Upstart&>())) {
  auto connection =
      choose_target(options, context).and_then([](const Target& target) { return Connection::open(target); });
  if (!connection) return std::unexpected{connection.error()};
  try {
    Upstart upstart{**connection};
    return action(upstart);
  } catch (const sdbus::Error& error) { return std::unexpected{explained(error, (*connection)->target())}; }
}

// True for the error that says that an object does not exist (any more).
[[nodiscard]] bool is_gone(const sdbus::Error& error);

} // namespace upstart::client
