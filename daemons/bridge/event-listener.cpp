#include "daemons/bridge/event-listener.hpp"

#include "generated/EventBroker1-proxy-stub.hpp"
#include "generated/EventHandler1-adaptor.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace upstart::bridge {

namespace {

using Properties = std::map<std::string, sdbus::Variant>;

HeardEvent event_from(const Properties& properties) {
  auto time = std::chrono::microseconds{properties.at("time").get<std::uint64_t>()};
  return {.id = properties.at("id").get<std::uint64_t>(),
          .name = protocol::unescaped(properties.at("name").get<std::string>()),
          .time = std::chrono::system_clock::time_point{time}};
}

// What cannot be sent is sent when the connection is back.
void tell(const std::optional<std::string>& problem) {
  if (problem) spdlog::debug("the broker cannot be asked for events: {}", *problem);
}

} // namespace

class EventListener::Session final : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::EventBroker1_proxy_stub> {
public:
  Session(EventListener& listener, sdbus::IConnection& connection)
      : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::event_broker}),
        listener_{listener},
        handler_{listener, connection} {
    registerProxy();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { unregisterProxy(); }

  void ask_history(std::function<void(std::vector<HeardEvent>)> answer) {
    getProxy()
        .callMethodAsync("History")
        .onInterface(com::ubuntu::Upstart::EventBroker1_proxy_stub::INTERFACE_NAME)
        .withArguments(std::uint32_t{0})
        .uponReplyInvoke([answer = std::move(answer), alive = listener_.alive_](std::optional<sdbus::Error> error,
                                                                                const std::vector<Properties>& events) {
          if (error || !*alive) return;
          std::vector<HeardEvent> heard;
          std::ranges::transform(events, std::back_inserter(heard), event_from);
          answer(std::move(heard));
        });
  }

private:
  class Handler final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::EventHandler1_adaptor> {
  public:
    Handler(EventListener& listener, sdbus::IConnection& connection)
        : AdaptorInterfaces(connection, sdbus::ObjectPath{protocol::path::event_handler}), listener_{listener} {
      registerAdaptor();
    }
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    ~Handler() { unregisterAdaptor(); }

  private:
    void Handle(const uint64_t& id, const std::string& name, const std::vector<std::string>& environment,
                const std::vector<sdbus::UnixFd>&, const bool&) override {
      listener_.events_.heard({.id = id,
                               .name = protocol::unescaped(name),
                               .time = std::chrono::system_clock::now(),
                               .environment = protocol::unescaped(environment)});
    }
    EventListener& listener_;
  };

  void onAttachReply(const std::vector<std::string>&, std::optional<sdbus::Error> error) override { answered(error); }
  void onSubscribeReply(std::optional<sdbus::Error> error) override { answered(error); }
  void answered(const std::optional<sdbus::Error>& error) {
    if (!error) return listener_.events_.attached();
    if (error->getName() != SD_BUS_ERROR_NO_REPLY)
      spdlog::error("the event broker does not tell of events: {}; what waits for one does not happen",
                    error->getMessage());
  }
  void onDisplaced(const std::string&) override {
    spdlog::error("another process hears of events in the place of this one");
  }

  EventListener& listener_;
  Handler handler_;
};

EventListener::EventListener(base::EventLoop& loop, std::string address, std::string name, Events events)
    : name_{std::move(name)},
      address_{std::move(address)},
      events_{std::move(events)},
      connection_{loop,
                  {.other_end = "event broker"},
                  {.connected = [this](base::BusConnection& broker) { connected(broker); },
                   .lost = [this] { session_.reset(); }}} {}

EventListener::~EventListener() { *alive_ = false; }

bool EventListener::want(const std::set<std::string>& names) {
  if (wanted_ == names) return false;
  std::vector<std::string> added, removed;
  std::ranges::set_difference(names, wanted_, std::back_inserter(added));
  std::ranges::set_difference(wanted_, names, std::back_inserter(removed));
  wanted_ = names;
  if (!session_) connection_.connect_to(address_);
  else
    tell(base::send_if_connected([&] { session_->Subscribe(protocol::escaped(added), protocol::escaped(removed)); }));
  return true;
}

void EventListener::connected(base::BusConnection& broker) {
  session_ = std::make_unique<Session>(*this, broker.sdbus());
  attach();
}

void EventListener::attach() {
  std::vector<std::string> names{wanted_.begin(), wanted_.end()};
  tell(base::send_if_connected([&] { session_->Attach(name_, protocol::escaped(names)); }));
}

void EventListener::have(base::EventId id) {
  if (session_) tell(base::send_if_connected([&] { session_->Finished(id, false, {}); }));
}

void EventListener::ask_history(std::function<void(std::vector<HeardEvent>)> answer) {
  if (session_) session_->ask_history(std::move(answer));
}

} // namespace upstart::bridge
