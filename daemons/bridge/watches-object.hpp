// The interface Bridge1 on one connection: what the bridge watches and for whom, the same for all bridges.
#pragma once

#include "daemons/bridge/bridge.hpp"
#include "generated/Bridge1-adaptor.hpp"

namespace upstart::bridge {

class WatchesObject final : public ExportedObject,
                            public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::Bridge1_adaptor> {
public:
  using List = std::function<std::vector<Watch>()>;
  WatchesObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, List list);
  WatchesObject(const WatchesObject&) = delete;
  WatchesObject& operator=(const WatchesObject&) = delete;
  ~WatchesObject() override { unregisterAdaptor(); }

private:
  std::vector<sdbus::Struct<std::string, std::string, uint64_t, std::vector<std::string>>> ListWatches() override;
  std::string version() override { return UPSTART_VERSION; }

  List list_;
};

} // namespace upstart::bridge
