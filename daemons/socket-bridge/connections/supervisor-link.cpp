#include "daemons/socket-bridge/connections/supervisor-link.hpp"

#include "generated/JobSupervisor1-proxy-stub.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <sdbus-c++/StandardInterfaces.h>
#include <spdlog/spdlog.h>

namespace upstart::socket_bridge {

namespace {

constexpr const char* event_name = "socket";
constexpr const char* bus_address_property = "bus_address";

} // namespace

class SupervisorLink::Proxy final
    : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::JobSupervisor1_proxy_stub, sdbus::Properties_proxy> {
public:
  Proxy(sdbus::IConnection& connection, const Events& events)
      : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::job_supervisor}),
        events_{events} {
    registerProxy();
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy() { unregisterProxy(); }

  void ask() {
    WatchConditions(event_name);
    GetAsync(INTERFACE_NAME, bus_address_property,
             [this](std::optional<sdbus::Error> error, const sdbus::Variant& value) {
               if (!error) take_bus_address(value);
             });
  }

private:
  static constexpr const char* INTERFACE_NAME = com::ubuntu::Upstart::JobSupervisor1_proxy_stub::INTERFACE_NAME;

  void onWatchConditionsReply(const std::vector<sdbus::Struct<std::string, Postfix, Postfix, uint32_t>>& jobs,
                              std::optional<sdbus::Error> error) override {
    if (error) return spdlog::error("the job supervisor does not tell the jobs' conditions: {}", error->getMessage());
    std::vector<JobReport> reports;
    reports.reserve(jobs.size());
    for (const auto& job : jobs)
      reports.push_back(
          {job.get<0>(), protocol::unescaped(job.get<1>()), protocol::unescaped(job.get<2>()), job.get<3>()});
    events_.conditions_known(reports);
  }

  void onConditionsChanged(const std::string& event, const std::string& job, const Postfix& start_on,
                           const Postfix& stop_on) override {
    if (event == event_name)
      events_.conditions_changed(job, protocol::unescaped(start_on), protocol::unescaped(stop_on));
  }

  void onActivityChanged(const std::string& job, const uint32_t& active) override {
    events_.activity_changed(job, active);
  }

  void onPropertiesChanged(const sdbus::InterfaceName&, const std::map<sdbus::PropertyName, sdbus::Variant>& changed,
                           const std::vector<sdbus::PropertyName>&) override {
    if (auto found = changed.find(sdbus::PropertyName{bus_address_property}); found != changed.end())
      take_bus_address(found->second);
  }

  void take_bus_address(const sdbus::Variant& value) {
    if (!value.containsValueOfType<std::string>()) return;
    if (auto address = value.get<std::string>(); !address.empty()) events_.bus_address(address);
  }

  const Events& events_;
};

SupervisorLink::SupervisorLink(base::EventLoop& loop, const std::string& address, Events events)
    : events_{std::move(events)},
      link_{loop,
            {"job supervisor", base::Handshake::to_peer},
            [this](auto& connection) { connected(connection); },
            [this] { proxy_.reset(); }} {
  link_.connect_to(address);
}

SupervisorLink::~SupervisorLink() = default;

void SupervisorLink::connected(base::BusConnection& connection) {
  proxy_ = std::make_unique<Proxy>(connection.sdbus(), events_);
  proxy_->ask();
}

} // namespace upstart::socket_bridge
