// The interface TimerBridge1 on one connection.
#pragma once

#include "daemons/bridge/public-object.hpp"
#include "daemons/timer-bridge/core/timer-table.hpp"
#include "generated/TimerBridge1-adaptor.hpp"

namespace upstart::timer_bridge {

class TimerBridgeObject final : public bridge::ExportedObject,
                                public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::TimerBridge1_adaptor> {
public:
  using Report = std::function<std::vector<TimerReport>()>;
  TimerBridgeObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, Report report);
  TimerBridgeObject(const TimerBridgeObject&) = delete;
  TimerBridgeObject& operator=(const TimerBridgeObject&) = delete;
  ~TimerBridgeObject() override { unregisterAdaptor(); }

private:
  std::vector<sdbus::Struct<std::string, std::vector<std::string>, uint64_t, uint64_t, uint32_t>> ListTimers() override;

  Report report_;
};

} // namespace upstart::timer_bridge
