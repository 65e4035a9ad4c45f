// The broker as one connection sees it: translates between the wire and the broker, and checks who calls.
#pragma once

#include "daemons/event-broker/shell/requests.hpp"
#include "generated/EventBroker1-adaptor.hpp"

namespace upstart::broker {

// Operation, job, instance.
using WireActions = std::vector<sdbus::Struct<std::string, std::string, std::string>>;

// More than twenty methods: sixteen are the interface, four its signals.
class BrokerObject final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::EventBroker1_adaptor> {
public:
  BrokerObject(Requests requests, Session& session, base::BusConnection& connection);
  ~BrokerObject();

  // Signals, each to one client only; on a bus `destination` is its unique name.
  void tell_interest(const std::string& destination, const std::vector<std::string>& wanted_by_others);
  void tell_emitted(const std::string& destination, const Event& event);
  void tell_finished(const std::string& destination, const Event& event, bool failed);
  void tell_displaced(const std::string& destination, const std::string& handler);

private:
  uint64_t Emit(const std::string& name, const std::vector<std::string>& env,
                const std::vector<sdbus::UnixFd>& files) override;
  uint64_t EmitOnce(const std::string& name, const std::vector<std::string>& env,
                    const std::vector<sdbus::UnixFd>& files, const std::string& token) override;
  uint64_t EmitFor(const std::string& name, const std::vector<std::string>& env,
                   const std::vector<sdbus::UnixFd>& files, const uint32_t& uid, const uint32_t& pid,
                   const std::string& token) override;
  void WaitFor(sdbus::Result<bool>&& result, uint64_t id) override;
  std::vector<std::string> Attach(const std::string& handler, const std::vector<std::string>& events) override;
  std::tuple<std::vector<std::string>, std::vector<uint64_t>> AttachWithTicket(const std::string& handler,
                                                                               const std::vector<std::string>& events,
                                                                               const std::string& ticket) override;
  void Listen(const std::vector<std::string>& emitted, const std::vector<std::string>& finished) override;
  void Subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) override;
  void Finished(const uint64_t& id, const bool& failed, const WireActions& done) override;
  void Record(const std::string& name, const std::vector<std::string>& env, const uint32_t& uid,
              const uint32_t& pid) override;
  void RecordAll(
      const std::vector<sdbus::Struct<std::string, std::vector<std::string>, uint32_t, uint32_t>>& events) override;
  std::vector<sdbus::Struct<uint64_t, std::string, std::vector<std::string>, std::vector<std::string>>>
  ListPending() override;
  std::vector<std::map<std::string, sdbus::Variant>> History(const uint32_t& count) override;
  void JoinBus(const std::string& address) override;
  std::string version() override { return UPSTART_VERSION; }
  uint32_t pending() override;

  [[nodiscard]] Origin origin();
  // The same; throws PermissionDenied ("You do not have permission to …") unless the caller may do everything, or
  // `may`.
  [[nodiscard]] Origin permitted(const char* operation);
  template <typename May> [[nodiscard]] Origin permitted(const char* operation, May may);
  sdbus::Signal signal_to(const std::string& destination, const char* name);

  Requests requests_;
  Session& session_;
  base::BusConnection& connection_;
};

} // namespace upstart::broker
