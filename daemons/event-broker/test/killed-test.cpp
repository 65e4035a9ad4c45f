// The broker dies at each of its steps, and under load, while an emitter and a handler that come back work with it:
// every event is handled once and ends once.
#include "daemons/base/event-emitter.hpp"
#include "daemons/base/fault-point.hpp"
#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/event-broker/test/daemon.hpp"
#include "daemons/event-broker/test/peer.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace upstart::broker::test;
using namespace std::chrono_literals;
using upstart::base::BusConnection;
using upstart::base::EventLoop;
using upstart::base::ReconnectingConnection;
namespace protocol = upstart::protocol;
namespace base = upstart::base;

namespace {

// A handler that comes back, as the interface asks it to: what it has finished it says again until that has arrived,
// and what is given again meanwhile it does not handle again.
class FaithfulHandler {
public:
  FaithfulHandler(EventLoop& loop, const std::string& address)
      : connection_{loop,
                    {.other_end = "event broker", .pauses = {1ms, 10ms}},
                    {.connected =
                         [this](BusConnection& broker) { session_ = std::make_unique<Session>(*this, broker.sdbus()); },
                     .lost = [this] { session_.reset(); }}} {
    connection_.connect_to(address);
  }

  [[nodiscard]] bool is_attached() const { return attached_; }
  std::map<std::string, int> handled; // how often, by the event's variable

private:
  class Object : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::EventHandler1_stub> {
  public:
    Object(FaithfulHandler& handler, sdbus::IConnection& connection)
        : AdaptorInterfaces(connection, sdbus::ObjectPath{protocol::path::event_handler}), handler_{handler} {
      registerAdaptor();
    }
    ~Object() { unregisterAdaptor(); }

  private:
    void Handle(const uint64_t& id, const std::string&, const std::vector<std::string>& env,
                const std::vector<sdbus::UnixFd>&, const bool&) override {
      handler_.handle(id, env.front());
    }
    FaithfulHandler& handler_;
  };
  class Session : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::EventBroker1_proxy_stub> {
  public:
    Session(FaithfulHandler& handler, sdbus::IConnection& connection)
        : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::event_broker}),
          handler_{handler},
          object_{handler, connection} {
      registerProxy();
      AttachWithTicket("h", {"a"}, "ticket");
    }
    ~Session() { unregisterProxy(); }

  private:
    void onAttachWithTicketReply(const std::vector<std::string>&, const std::vector<uint64_t>& unfinished,
                                 std::optional<sdbus::Error> error) override {
      if (!error) handler_.attached(unfinished);
    }
    FaithfulHandler& handler_;
    Object object_;
  };

  void attached(const std::vector<std::uint64_t>& unfinished) {
    attached_ = true;
    std::erase_if(finished_, [&](auto id) { return !std::ranges::contains(unfinished, id); });
    for (auto id : finished_) say_finished(id);
  }
  void handle(std::uint64_t id, const std::string& variable) {
    if (!finished_.insert(id).second) return;
    ++handled[variable];
    say_finished(id);
  }
  void say_finished(std::uint64_t id) {
    [[maybe_unused]] auto problem = base::send_if_connected([&] { session_->Finished(id, id % 3 == 0, {}); });
  }

  ReconnectingConnection connection_;
  bool attached_ = false;
  std::set<std::uint64_t> finished_;
  std::unique_ptr<Session> session_;
};

// Emits events a N=0, a N=1, …, and counts their ends.
class CountingEmitter {
public:
  CountingEmitter(EventLoop& loop, const std::string& address)
      : connection_{loop,
                    {.other_end = "event broker", .pauses = {1ms, 10ms}},
                    {.connected = [this](BusConnection& broker) { emitter_.connected(broker); },
                     .lost = [this] { emitter_.lost(); }}},
        emitter_{loop, base::EventEmitter::Learns::by_asking} {
    connection_.connect_to(address);
  }
  ~CountingEmitter() { emitter_.lost(); }
  CountingEmitter(const CountingEmitter&) = delete;
  CountingEmitter& operator=(const CountingEmitter&) = delete;

  void emit(int count, const std::string& padding = "") {
    for (int i = 0; i < count; ++i) {
      auto variable = "N=" + std::to_string(emitted++) + padding;
      emitter_.emit({.name = "a", .environment = protocol::Environment{Lines{variable}}},
                    [this, variable](bool) { ++ended[variable]; });
    }
  }

  int emitted = 0;
  std::map<std::string, int> ended; // how often

private:
  ReconnectingConnection connection_;
  base::EventEmitter emitter_;
};

struct World {
  // The broker knows the handler, whether it is there or not.
  World() {
    look_.start_repeating(10ms);
    daemon.start();
    await(loop, [&] { return handler.is_attached(); });
    daemon.kill();
  }
  // Until each event has been handled and has ended. A daemon that has died is started again.
  void await_all() {
    await(loop, [&] {
      if (daemon.has_died()) start_again();
      return emitter.ended.size() == static_cast<std::size_t>(emitter.emitted);
    });
  }
  void start_again() {
    ++deaths;
    daemon.environment.erase("UPSTART_FAULT");
    daemon.start();
  }
  void check_each_once() {
    auto once = [](const auto& entry) { return entry.second == 1; };
    CHECK(handler.handled.size() == static_cast<std::size_t>(emitter.emitted));
    CHECK(std::ranges::all_of(handler.handled, once));
    CHECK(std::ranges::all_of(emitter.ended, once));
  }

  EventLoop loop;
  Daemon daemon;
  FaithfulHandler handler{loop, daemon.address()};
  CountingEmitter emitter{loop, daemon.address()};
  int deaths = 0;

private:
  base::Timer look_{loop, [] {}}; // for a daemon that has died when nothing else happens
};

} // namespace

#ifdef UPSTART_FAULT_POINTS
TEST_CASE("wherever the broker dies, each event is handled once and ends once") {
  for (const auto* point :
       {"event-broker.event-came", "event-broker.event-written", "event-broker.turn-decided",
        "event-broker.turn-written", "event-broker.turn-sent", "journal.write", "journal.written"}) {
    for (int passing : {1, 2, 3, 7}) {
      CAPTURE(point);
      CAPTURE(passing);
      World world;
      world.daemon.environment["UPSTART_FAULT"] = std::string{point} + ":" + std::to_string(passing);
      world.emitter.emit(10);
      world.daemon.start();
      for (int i = 0; i < 10; ++i) {
        world.await_all();
        world.emitter.emit(1);
      }
      world.await_all();
      CHECK(world.deaths == 1);
      world.check_each_once();
    }
  }
}

TEST_CASE("the broker may die while it writes its journal anew") {
  World world;
  world.daemon.environment["UPSTART_FAULT"] = "journal.rewrite-written";
  world.daemon.start();
  for (int i = 0; i < 20 && world.deaths == 0; ++i) {
    world.emitter.emit(100, std::string(2000, 'x'));
    world.await_all();
  }
  CHECK(world.deaths == 1);
  world.check_each_once();
}
#endif

TEST_CASE("killed again and again under load, the broker loses no event, and none is handled or ends twice") {
  World world;
  world.daemon.start();
  world.emitter.emit(500);
  for (std::size_t kills = 0; kills < 6; ++kills) {
    auto enough = kills * 500 / 7;
    await(world.loop, [&] { return world.emitter.ended.size() >= enough; });
    world.daemon.kill();
    world.daemon.start();
  }
  world.await_all();
  world.check_each_once();
}
