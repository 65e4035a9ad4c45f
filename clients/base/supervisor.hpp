// What the job supervisor tells beside the public interface: a proxy for its methods, which subscribes to nothing.
#pragma once

#include "clients/base/connection.hpp"
#include "generated/JobSupervisor1-proxy-stub.hpp"
#include "protocol/names.hpp"

namespace upstart::client {

class Supervisor : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::JobSupervisor1_proxy_stub> {
public:
  explicit Supervisor(Connection& connection)
      : ProxyInterfaces(connection.sdbus(), connection.destination(),
                        sdbus::ObjectPath{protocol::path::job_supervisor}) {}
};

} // namespace upstart::client
