#include "daemons/socket-bridge/connections/public-object.hpp"

#include "generated/SocketBridge1-adaptor.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <cstring>

namespace upstart::socket_bridge {

namespace {

// Called with the bus's answer to the wish for the name.
int name_answered(sd_bus_message* answer, void*, sd_bus_error*) {
  if (sd_bus_message_is_method_error(answer, nullptr) > 0)
    spdlog::warn("the bus does not give the name {}: {}", protocol::bus_name::socket_bridge,
                 sd_bus_message_get_error(answer)->message);
  return 0;
}

} // namespace

class PublicObject::Adaptor final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::SocketBridge1_adaptor> {
public:
  Adaptor(sdbus::IConnection& connection, const Report& report)
      : AdaptorInterfaces(connection, sdbus::ObjectPath{protocol::path::socket_bridge}), report_{report} {
    registerAdaptor();
  }
  Adaptor(const Adaptor&) = delete;
  Adaptor& operator=(const Adaptor&) = delete;
  ~Adaptor() { unregisterAdaptor(); }

  void announce(const std::string& address, const std::string& state) {
    try {
      emitSocketChanged(protocol::readable(address), protocol::readable(state));
    } catch (const sdbus::Error& error) {
      spdlog::debug("a client was not told of {}: {}", address, error.getMessage());
    }
  }

private:
  std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> ListSockets() override {
    std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> sockets;
    for (const auto& socket : report_())
      sockets.emplace_back(protocol::readable(text_of(socket.address)), socket.jobs, protocol::readable(socket.state));
    return sockets;
  }
  std::string version() override { return UPSTART_VERSION; }

  const Report& report_;
};

PublicObject::PublicObject(base::EventLoop& loop, base::FileDescriptor listening, Report report)
    : report_{std::move(report)},
      server_{loop,
              std::move(listening),
              [this](auto client) { serve(std::move(client)); },
              {},
              [](const std::string& trouble) { spdlog::warn("{}", trouble); }},
      bus_{loop, {"bus", base::Handshake::to_bus}, [this](auto& bus) { joined(bus); }, [this] { on_bus_.reset(); }} {}

PublicObject::~PublicObject() {
  for (auto& client : clients_) client.adaptor.reset();
}

void PublicObject::serve(std::unique_ptr<base::BusConnection> connection) {
  auto place = clients_.emplace(clients_.end());
  place->connection = std::move(connection);
  place->adaptor = std::make_unique<Adaptor>(place->connection->sdbus(), report_);
  place->connection->on_disconnected([this, place] {
    place->adaptor.reset();
    clients_.erase(place);
  });
}

void PublicObject::join_bus(const std::string& address) { bus_.connect_to(address); }

void PublicObject::joined(base::BusConnection& bus) {
  on_bus_ = std::make_unique<Adaptor>(bus.sdbus(), report_);
  int error = sd_bus_request_name_async(bus.raw(), nullptr, protocol::bus_name::socket_bridge, SD_BUS_NAME_QUEUE,
                                        name_answered, nullptr);
  if (error < 0)
    spdlog::warn("the bus cannot be asked for the name {}: {}", protocol::bus_name::socket_bridge,
                 std::strerror(-error));
}

void PublicObject::announce(const std::string& address, const std::string& state) {
  for (auto& client : clients_) client.adaptor->announce(address, state);
  if (on_bus_) on_bus_->announce(address, state);
}

} // namespace upstart::socket_bridge
