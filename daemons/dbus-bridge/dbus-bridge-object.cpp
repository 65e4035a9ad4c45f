#include "daemons/dbus-bridge/dbus-bridge-object.hpp"

#include "protocol/text.hpp"

namespace upstart::dbus_bridge {

DbusBridgeObject::DbusBridgeObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, Report report)
    : AdaptorInterfaces(connection, path), report_{std::move(report)} {
  registerAdaptor();
}

std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> DbusBridgeObject::ListWatched() {
  std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> watched;
  for (const auto& [rule, jobs, state] : report_())
    watched.emplace_back(protocol::readable(rule), protocol::readable(jobs), protocol::readable(state));
  return watched;
}

} // namespace upstart::dbus_bridge
