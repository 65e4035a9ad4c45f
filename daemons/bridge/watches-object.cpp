#include "daemons/bridge/watches-object.hpp"

#include "protocol/text.hpp"

namespace upstart::bridge {

WatchesObject::WatchesObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, List list)
    : AdaptorInterfaces(connection, path), list_{std::move(list)} {
  registerAdaptor();
}

std::vector<sdbus::Struct<std::string, std::string, uint64_t, std::vector<std::string>>> WatchesObject::ListWatches() {
  std::vector<sdbus::Struct<std::string, std::string, uint64_t, std::vector<std::string>>> result;
  for (const auto& [what, state, since, jobs] : list_()) {
    auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(since.time_since_epoch()).count();
    result.emplace_back(protocol::readable(what), protocol::readable(state), static_cast<uint64_t>(microseconds),
                        protocol::readable(jobs));
  }
  return result;
}

} // namespace upstart::bridge
