#include "daemons/socket-bridge/sharing/job-starter.hpp"

#include "generated/JobSupervisor1-proxy-stub.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

namespace upstart::socket_bridge {

class JobStarter::Proxy final : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::JobSupervisor1_proxy_stub> {
public:
  explicit Proxy(sdbus::IConnection& connection)
      : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::job_supervisor}) {}

  void start(const InstanceName& name, const std::string& token, int descriptor, Done done) {
    getProxy()
        .callMethodAsync("StartJobWithFile")
        .onInterface(com::ubuntu::Upstart::JobSupervisor1_proxy_stub::INTERFACE_NAME)
        .withArguments(token, protocol::escaped(name.job), protocol::escaped(name.instance), sdbus::UnixFd{descriptor})
        .uponReplyInvoke([done = std::move(done)](std::optional<sdbus::Error> error, const sdbus::ObjectPath&) {
          if (!error) return done(Outcome::started, {});
          if (error->getName() == protocol::error_name::already_started) return done(Outcome::busy, {});
          if (base::is_hang_up(*error) || error->getName() == SD_BUS_ERROR_NO_REPLY) return done(Outcome::away, {});
          done(Outcome::refused, error->getMessage());
        });
  }
};

JobStarter::JobStarter(base::EventLoop& loop, const std::string& address)
    : connection_{loop,
                  {.other_end = "job supervisor"},
                  {.connected = [this](auto& connection) { proxy_ = std::make_unique<Proxy>(connection.sdbus()); },
                   .lost = [this] { proxy_.reset(); }}} {
  connection_.connect_to(address);
}

JobStarter::~JobStarter() { *alive_ = false; }

void JobStarter::start(const InstanceName& name, const std::string& token, int descriptor, Done done) {
  if (!proxy_) return done(Outcome::away, {});
  auto only_while_alive = [alive = alive_, done](Outcome outcome, const std::string& why) {
    if (*alive) done(outcome, why);
  };
  if (base::send_if_connected([&] { proxy_->start(name, token, descriptor, only_while_alive); }))
    done(Outcome::away, {});
}

} // namespace upstart::socket_bridge
