// The init daemon as the commands see it: its manager, job classes and jobs, over one connection, with the proxies that
// are generated from the interface files. Errors arrive as sdbus::Error with the daemon's own words.
#pragma once

#include "clients/base/questions.hpp"
#include "clients/base/reconnection.hpp"
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

// From the properties of an instance.
[[nodiscard]] InstanceStatus status_from(const std::string& job, const Properties& properties);

class Upstart {
public:
  // `context` outlives this.
  Upstart(std::unique_ptr<Connection> connection, const ProcessContext& context);

  // The connection was lost: makes it again, waiting for the daemon. What was made with the old one must be gone. The
  // failure says that there is nobody any more.
  [[nodiscard]] std::expected<void, Failure> come_back();
  // How often it came back: a command is done for the first time at 0.
  [[nodiscard]] unsigned times_back() const { return reconnection_.times(); }
  // Whether all that was asked since the beginning may be asked again, from there, after this error.
  [[nodiscard]] bool may_repeat(const sdbus::Error& error) const;
  // What is asked next may take effect twice when it is asked twice.
  void must_not_repeat() { may_repeat_ = false; }
  // What is asked from here on is another command: tokens of its own, and it may be repeated.
  void begin_command() {
    token_.clear();
    tokens_given_ = 0;
    may_repeat_ = true;
  }
  // For a command: after `come_back` the same tokens are given again, in the same order.
  [[nodiscard]] std::string next_token();

  [[nodiscard]] Connection& connection() { return *connection_; }
  [[nodiscard]] Manager& manager() { return *manager_; }
  // A name may be any bytes. Error UnknownJob.
  [[nodiscard]] JobClass job_class(const std::string& name);
  [[nodiscard]] Instance instance(const sdbus::ObjectPath& path) { return {*connection_, path}; }

  // The status of the instance at this path; one that has gone is stopped.
  [[nodiscard]] InstanceStatus status_at(const std::string& job, const sdbus::ObjectPath& path);
  // Of all jobs, sorted.
  [[nodiscard]] std::vector<std::string> job_names();
  // Of every instance, and of every class without one, sorted by name.
  [[nodiscard]] std::vector<InstanceStatus> all_statuses();
  // Of one class, or of all, sorted by name.
  [[nodiscard]] ClassDetails details_of(const std::string& job);
  [[nodiscard]] std::vector<ClassDetails> all_details();

private:
  [[nodiscard]] bool will_be_on_its_bus() const;
  [[nodiscard]] std::optional<std::vector<InstanceStatus>> summarized_statuses();
  [[nodiscard]] std::vector<InstanceStatus> asked_statuses();

  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Manager> manager_; // on that connection
  Reconnection reconnection_;
  bool may_repeat_ = true;
  std::string token_; // begins every token of this command
  unsigned tokens_given_ = 0;
};

// The daemon's own words, but where the one who should have answered is not there at all.
[[nodiscard]] Failure explained(const sdbus::Error& error, const Target& target);

// Connects to the Upstart that the options ask for and does this with it, again from the beginning if the connection is
// lost meanwhile; errors of D-Bus become failures in words.
template <typename Do>
auto with_upstart(const TargetOptions& options, const ProcessContext& context, Do action)
    -> decltype(action(std::declval<Upstart&>())) {
  auto connection =
      choose_target(options, context).and_then([](const Target& target) { return Connection::open(target); });
  if (!connection) return std::unexpected{connection.error()};
  Upstart upstart{std::move(*connection), context};
  while (true) {
    try {
      return action(upstart);
    } catch (const sdbus::Error& error) {
      if (!upstart.may_repeat(error)) return std::unexpected{explained(error, upstart.connection().target())};
    }
    if (auto back = upstart.come_back(); !back) return std::unexpected{back.error()};
  }
}

} // namespace upstart::client
