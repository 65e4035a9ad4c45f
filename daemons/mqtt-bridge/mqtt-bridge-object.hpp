// The interface MqttBridge1 on one connection. What it offers acts on other machines, so it is for root alone, in a
// session for its user; and on the bridge's own socket alone, where the kernel says who asks.
#pragma once

#include "daemons/bridge/public-object.hpp"
#include "daemons/mqtt-bridge/fleet/fleet.hpp"
#include "generated/MqttBridge1-adaptor.hpp"

namespace upstart::mqtt_bridge {

class MqttBridgeObject final : public bridge::ExportedObject,
                               public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::MqttBridge1_adaptor> {
public:
  // The fleet, while there is one; else why there is none.
  using Find = std::function<std::expected<Fleet*, std::string>()>;

  MqttBridgeObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, Find find);
  MqttBridgeObject(const MqttBridgeObject&) = delete;
  MqttBridgeObject& operator=(const MqttBridgeObject&) = delete;
  ~MqttBridgeObject() override {
    *alive_ = false;
    unregisterAdaptor();
  }

private:
  using Node = sdbus::Struct<std::string, bool, uint64_t, std::string, std::string, uint64_t, std::vector<std::string>>;

  void Emit(sdbus::Result<std::vector<std::string>>&& result, std::string token, std::string nodes, std::string name,
            std::vector<std::string> env, bool wait, uint32_t limit) override;
  void Call(sdbus::Result<int32_t, std::string, std::string>&& result, std::string node, std::vector<std::string> words,
            uint32_t limit) override;
  void ListNodes(sdbus::Result<std::string, std::vector<Node>>&& result, uint32_t limit) override;

  // Throws where the caller may not do this, or there is no fleet.
  [[nodiscard]] Fleet& fleet() const;

  Find find_;
  uid_t peer_; // who is at the other end, where that is a client itself
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace upstart::mqtt_bridge
