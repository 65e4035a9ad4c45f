#include "daemons/socket-bridge/connections/broker-link.hpp"

#include "generated/EventBroker1-proxy.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

namespace upstart::socket_bridge {

namespace {

constexpr const char* event_name = "socket";
using Interface = com::ubuntu::Upstart::EventBroker1_proxy;

} // namespace

// Answers are told apart by what the call itself carries, which the generated methods do not offer.
class BrokerLink::Proxy {
public:
  Proxy(sdbus::IConnection& connection, base::EventLoop& loop, const Events& events)
      : proxy_{sdbus::createProxy(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::event_broker})},
        loop_{loop},
        events_{events} {}
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy() { *alive_ = false; }

  void emit(Ticket ticket, const protocol::Environment& env, int fd) {
    proxy_->callMethodAsync("Emit")
        .onInterface(Interface::INTERFACE_NAME)
        .withArguments(event_name, static_cast<const std::vector<std::string>&>(protocol::escaped(env.strings())),
                       std::vector<sdbus::UnixFd>{sdbus::UnixFd{fd}})
        .uponReplyInvoke([this, ticket](std::optional<sdbus::Error> error, EventId id) {
          if (!error) return events_.accepted(ticket, id);
          if (!is_hang_up(*error)) not_possible(ticket, "take the event", *error);
        });
  }

  void await(Ticket ticket, EventId id) {
    proxy_->callMethodAsync("WaitFor")
        .onInterface(Interface::INTERFACE_NAME)
        .withArguments(id)
        .uponReplyInvoke([this, ticket](std::optional<sdbus::Error> error, bool failed) {
          if (error && is_hang_up(*error)) return;
          // An id is forgotten when its event finished long ago; whether a job runs is known from the supervisor.
          if (error && error->getName() != protocol::error_name::invalid_args)
            return not_possible(ticket, "tell of the event", *error);
          later([this, ticket, failed] { events_.finished(ticket, failed); });
        });
  }

  void not_possible(Ticket ticket, const char* what, const sdbus::Error& error) {
    spdlog::warn("the event broker does not {}: {}", what, error.getMessage());
    later([this, ticket] { events_.finished(ticket, true); });
  }

private:
  // How the library answers what was open when the connection went: `gone` follows.
  static bool is_hang_up(const sdbus::Error& error) { return error.getName() == SD_BUS_ERROR_NO_REPLY; }

  // The supervisor's word that a job has become active may lie unread beside the broker's that the event has finished:
  // it is read first.
  void later(std::function<void()> action) {
    loop_.defer([alive = alive_, action = std::move(action)] {
      if (*alive) action();
    });
  }

  std::unique_ptr<sdbus::IProxy> proxy_;
  base::EventLoop& loop_;
  const Events& events_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

BrokerLink::BrokerLink(base::EventLoop& loop, const std::string& address, Events events)
    : events_{std::move(events)},
      link_{loop,
            {"event broker", base::Handshake::to_peer},
            [this, &loop](auto& connection) {
              proxy_ = std::make_unique<Proxy>(connection.sdbus(), loop, events_);
              events_.ready();
            },
            [this] {
              proxy_.reset();
              events_.gone();
            }} {
  link_.connect_to(address);
}

BrokerLink::~BrokerLink() {
  events_.gone = [] {};
}

void BrokerLink::emit(Ticket ticket, const protocol::Environment& env, int fd) {
  if (!proxy_) return;
  try {
    proxy_->emit(ticket, env, fd);
  } catch (const sdbus::Error& error) { proxy_->not_possible(ticket, "get the event", error); }
}

void BrokerLink::await(Ticket ticket, EventId id) {
  if (!proxy_) return;
  try {
    proxy_->await(ticket, id);
  } catch (const sdbus::Error& error) { proxy_->not_possible(ticket, "get the question", error); }
}

} // namespace upstart::socket_bridge
