// A client of the broker on the test's own loop: calls, and writes down what it hears, one line each:
// "reply 1", "outcome ok", "attached a b", "error InvalidArgs: …", "emitted 1 a", "finished 1 a ok", "others a b",
// "handle 1 a K=V", with " again" behind, "displaced h". It listens to all events.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "generated/EventBroker1-proxy-stub.hpp"
#include "generated/EventHandler1-stub.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace upstart::broker::test {

using Lines = std::vector<std::string>;

inline constexpr std::chrono::milliseconds time_limit{30'000};

// Runs the loop until this is so.
template <typename Condition> void await(base::EventLoop& loop, Condition condition) {
  bool in_time = true;
  base::Timer limit{loop, [&] { in_time = false; }};
  limit.start(time_limit);
  while (in_time && !condition()) loop.run_once();
  REQUIRE(in_time);
}

class Peer;

class HandlerObject : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::EventHandler1_stub> {
public:
  HandlerObject(sdbus::IConnection& connection, Peer& peer)
      : AdaptorInterfaces(connection, sdbus::ObjectPath{protocol::path::event_handler}), peer_{peer} {
    registerAdaptor();
  }
  ~HandlerObject() { unregisterAdaptor(); }

private:
  void Handle(const uint64_t& id, const std::string& name, const std::vector<std::string>& env,
              const std::vector<sdbus::UnixFd>& files, const bool& again) override;
  Peer& peer_;
};

class BrokerProxy : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::EventBroker1_proxy_stub> {
public:
  BrokerProxy(sdbus::IConnection& connection, const std::string& service, Peer& peer)
      : ProxyInterfaces(connection, sdbus::ServiceName{service}, sdbus::ObjectPath{protocol::path::event_broker}),
        peer_{peer} {
    registerProxy();
  }
  ~BrokerProxy() { unregisterProxy(); }

private:
  void onEventEmitted(const uint64_t& id, const std::string& name, const std::vector<std::string>& env) override;
  void onEventFinished(const uint64_t& id, const std::string& name, const std::vector<std::string>& env,
                       const bool& failed) override;
  void onInterestChanged(const std::vector<std::string>& wanted_by_others) override;
  void onEmitReply(const uint64_t& id, std::optional<sdbus::Error> error) override;
  void onEmitOnceReply(const uint64_t& id, std::optional<sdbus::Error> error) override {
    onEmitReply(id, std::move(error));
  }
  void onEmitForReply(const uint64_t& id, std::optional<sdbus::Error> error) override {
    onEmitReply(id, std::move(error));
  }
  void onDisplaced(const std::string& handler) override;
  void onListenReply(std::optional<sdbus::Error> error) override;
  void onAttachWithTicketReply(const std::vector<std::string>& wanted_by_others,
                               const std::vector<uint64_t>& unfinished, std::optional<sdbus::Error> error) override;
  void onWaitForReply(const bool& failed, std::optional<sdbus::Error> error) override;
  void onAttachReply(const std::vector<std::string>& wanted_by_others, std::optional<sdbus::Error> error) override;
  void onSubscribeReply(std::optional<sdbus::Error> error) override;
  void onJoinBusReply(std::optional<sdbus::Error> error) override;
  Peer& peer_;
};

class Peer {
public:
  // Of the broker's own socket, or, with a service name, of a bus.
  Peer(base::EventLoop& loop, const std::string& address, const std::string& service = "") : loop_{loop} {
    auto take = [this](auto outcome) {
      REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error()));
      connection_ = std::move(*outcome);
    };
    auto handshake =
        service.empty() ? base::Handshake::to_peer(loop, address, take) : base::Handshake::to_bus(loop, address, take);
    test::await(loop, [&] { return connection_ != nullptr; });
    handler_ = std::make_unique<HandlerObject>(connection_->sdbus(), *this);
    broker_ = std::make_unique<BrokerProxy>(connection_->sdbus(), service, *this);
    broker_->Listen({"*"}, {"*"});
    test::await(loop, [&] { return listening; });
  }

  BrokerProxy* operator->() { return broker_.get(); }
  [[nodiscard]] base::BusConnection& connection() { return *connection_; }

  void hear(std::string line) { lines.push_back(std::move(line)); }
  void await(const std::string& line) {
    INFO("awaiting ", line);
    test::await(loop_, [&] { return std::ranges::contains(lines, line); });
  }
  // What was heard so far; forgets it.
  Lines heard() { return std::exchange(lines, {}); }

  std::uint64_t emit(const std::string& name, const Lines& env = {}, const std::vector<sdbus::UnixFd>& with = {}) {
    last_id = 0;
    (*this)->Emit(name, env, with);
    test::await(loop_, [&] { return last_id != 0; });
    return last_id;
  }
  std::uint64_t emit_once(const std::string& name, const Lines& env, const std::string& token) {
    last_id = 0;
    (*this)->EmitOnce(name, env, {}, token);
    test::await(loop_, [&] { return last_id != 0; });
    return last_id;
  }
  void attach(const std::string& handler, const Lines& events) {
    attached = false;
    (*this)->Attach(handler, events);
    test::await(loop_, [&] { return attached; });
  }
  void attach(const std::string& handler, const Lines& events, const std::string& ticket) {
    attached = false;
    (*this)->AttachWithTicket(handler, events, ticket);
    test::await(loop_, [&] { return attached; });
  }

  Lines lines;
  std::uint64_t last_id = 0;
  bool attached = false;
  bool listening = false;
  std::vector<std::uint64_t> unfinished;
  std::vector<sdbus::UnixFd> files; // of the last event handled

private:
  base::EventLoop& loop_;
  std::unique_ptr<base::BusConnection> connection_;
  std::unique_ptr<HandlerObject> handler_;
  std::unique_ptr<BrokerProxy> broker_;
};

} // namespace upstart::broker::test
