#include "daemons/socket-bridge/sharing/master-object.hpp"

#include "protocol/bridges.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

namespace upstart::socket_bridge {

MasterObject::MasterObject(base::BusConnection& connection, SlaveCalls& calls)
    : AdaptorInterfaces(connection.sdbus(), sdbus::ObjectPath{protocol::socket_master_path}),
      connection_{connection},
      calls_{calls} {
  registerAdaptor();
}

bool MasterObject::give(std::uint64_t connection, int fd) {
  return !base::send_if_connected([&] { emitConnection(connection, sdbus::UnixFd{fd}); });
}

std::tuple<std::vector<sdbus::UnixFd>, std::string> MasterObject::Attach(const uint32_t& most, const std::string& job,
                                                                         const std::string& instance) {
  auto refuse = [](const std::string& why) -> sdbus::Error {
    return {sdbus::Error::Name{protocol::error_name::access_denied}, protocol::readable(why)};
  };
  if (!connection_.peer()) throw refuse("slaves are attached at the master's own socket, not on the bus");
  auto attached =
      calls_.attach(this, *connection_.peer(),
                    {.most = most, .job = protocol::unescaped(job), .instance = protocol::unescaped(instance)});
  if (!attached) throw refuse(attached.error());
  std::vector<sdbus::UnixFd> listening;
  for (int fd : *attached) listening.emplace_back(fd);
  return {std::move(listening), protocol::escaped(calls_.address())};
}

std::vector<sdbus::Struct<uint32_t, std::string, std::string, uint32_t, uint32_t>> MasterObject::ListSlaves() {
  std::vector<sdbus::Struct<uint32_t, std::string, std::string, uint32_t, uint32_t>> slaves;
  for (const auto& slave : calls_.slaves())
    slaves.emplace_back(slave.pid, protocol::readable(slave.job), protocol::readable(slave.instance), slave.open,
                        slave.most);
  return slaves;
}

} // namespace upstart::socket_bridge
