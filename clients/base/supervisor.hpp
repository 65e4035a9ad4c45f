// What the job supervisor tells beside the public interface: a proxy for its methods, which subscribes to nothing.
#pragma once

#include "clients/base/connection.hpp"
#include "generated/JobSupervisor1-proxy.hpp"
#include "protocol/names.hpp"

namespace upstart::client {

class Supervisor : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::JobSupervisor1_proxy> {
public:
  explicit Supervisor(Connection& connection)
      : ProxyInterfaces(connection.sdbus(), connection.destination(),
                        sdbus::ObjectPath{protocol::path::job_supervisor}) {}

private:
  using Conditions = std::vector<std::vector<std::string>>;
  using JobConditions = sdbus::Struct<std::string, Conditions, Conditions, std::uint32_t>;
  void onConditionsChanged(const std::string&, const std::string&, const Conditions&, const Conditions&) override {}
  void onActivityChanged(const std::string&, const std::uint32_t&) override {}
  void onWatchConditionsReply(const std::vector<JobConditions>&, std::optional<sdbus::Error>) override {}
};

} // namespace upstart::client
