// DbusBridge1 on one connection: what is listened for, and each change of it.
#pragma once

#include "daemons/bridge/public-object.hpp"
#include "generated/DbusBridge1-adaptor.hpp"

#include <functional>
#include <string>
#include <vector>

namespace upstart::dbus_bridge {

struct RuleReport {
  std::string rule; // "system: type='signal',…"
  std::vector<std::string> jobs;
  std::string state;
};

class DbusBridgeObject final : public bridge::ExportedObject,
                               public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::DbusBridge1_adaptor> {
public:
  using Report = std::function<std::vector<RuleReport>()>;

  DbusBridgeObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, Report report);
  ~DbusBridgeObject() override { unregisterAdaptor(); }

private:
  std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> ListWatched() override;
  std::string version() override { return UPSTART_VERSION; }

  Report report_;
};

} // namespace upstart::dbus_bridge
