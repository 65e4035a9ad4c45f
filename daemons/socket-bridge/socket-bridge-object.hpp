// SocketBridge1 on one connection: what is served, and each change of it.
#pragma once

#include "daemons/bridge/public-object.hpp"
#include "daemons/socket-bridge/core/socket-table.hpp"
#include "generated/SocketBridge1-adaptor.hpp"

#include <functional>

namespace upstart::socket_bridge {

class SocketBridgeObject final : public bridge::ExportedObject,
                                 public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::SocketBridge1_adaptor> {
public:
  using Report = std::function<std::vector<SocketReport>()>;

  SocketBridgeObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, Report report);
  ~SocketBridgeObject() override { unregisterAdaptor(); }

private:
  std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> ListSockets() override;
  std::string version() override { return UPSTART_VERSION; }

  Report report_;
};

} // namespace upstart::socket_bridge
