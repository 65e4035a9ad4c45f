// SocketMaster1 on one connection: what a slave calls, and how it is given a connection.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "generated/SocketMaster1-adaptor.hpp"

#include <expected>

namespace upstart::socket_bridge {

struct SlaveReport {
  std::uint32_t pid = 0;
  std::string job, instance;
  std::uint32_t open = 0, most = 0;
};

// What the object asks of the master. `slave` stands for the connection.
class SlaveCalls {
public:
  virtual ~SlaveCalls() = default;
  struct Wish {
    std::uint32_t most = 0;
    std::string job, instance;
  };
  // The listening descriptors to be given (one or none), or why not.
  virtual std::expected<std::vector<int>, std::string> attach(const void* slave, base::Caller caller, Wish wish) = 0;
  virtual bool take(const void* slave, std::uint64_t connection) = 0;
  virtual void end(const void* slave, std::uint64_t connection) = 0;
  [[nodiscard]] virtual std::vector<SlaveReport> slaves() const = 0;
  [[nodiscard]] virtual std::string address() const = 0;
};

class MasterObject final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::SocketMaster1_adaptor> {
public:
  // Both outlive this.
  MasterObject(base::BusConnection& connection, SlaveCalls& calls);
  MasterObject(const MasterObject&) = delete;
  MasterObject& operator=(const MasterObject&) = delete;
  ~MasterObject() { unregisterAdaptor(); }

  // Sends the signal; false where it cannot be sent.
  bool give(std::uint64_t connection, int fd);
  [[nodiscard]] std::optional<base::Caller> peer() const { return connection_.peer(); }

private:
  std::tuple<std::vector<sdbus::UnixFd>, std::string> Attach(const uint32_t& most, const std::string& job,
                                                             const std::string& instance) override;
  bool Take(const uint64_t& connection) override { return calls_.take(this, connection); }
  void End(const uint64_t& connection) override { calls_.end(this, connection); }
  std::vector<sdbus::Struct<uint32_t, std::string, std::string, uint32_t, uint32_t>> ListSlaves() override;
  std::string version() override { return UPSTART_VERSION; }

  base::BusConnection& connection_;
  SlaveCalls& calls_;
};

} // namespace upstart::socket_bridge
