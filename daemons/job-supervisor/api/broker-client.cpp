#include "daemons/job-supervisor/api/broker-client.hpp"

#include "generated/EventBroker1-proxy.hpp"
#include "generated/EventHandler1-adaptor.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <fnmatch.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace upstart::supervisor {

namespace {

constexpr const char* handler_name = "job-supervisor";
constexpr std::chrono::milliseconds first_pause{5};
constexpr std::chrono::milliseconds longest_pause{1000};

std::vector<sdbus::UnixFd> to_wire(const SharedFiles& files) {
  std::vector<sdbus::UnixFd> descriptors;
  for (const auto& file : files) descriptors.emplace_back(file->get()); // duplicates
  return descriptors;
}

SharedFiles from_wire(const std::vector<sdbus::UnixFd>& descriptors) {
  SharedFiles files;
  for (const auto& descriptor : descriptors) {
    auto file = std::make_shared<base::FileDescriptor>(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
    if (*file) files.push_back(std::move(file));
    else spdlog::error("no descriptor left to take that of an event");
  }
  return files;
}

void tell_problem(const char* what, const std::optional<std::string>& problem) {
  if (problem) spdlog::error("{} cannot be sent to the event broker: {}", what, *problem);
}

} // namespace

class BrokerClient::Link final : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::EventBroker1_proxy> {
public:
  Link(BrokerClient& client, sdbus::IConnection& connection)
      : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::event_broker}),
        client_{client},
        handler_{client, connection} {
    registerProxy();
  }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unregisterProxy(); }

private:
  class Handler final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::EventHandler1_adaptor> {
  public:
    Handler(BrokerClient& client, sdbus::IConnection& connection)
        : AdaptorInterfaces(connection, sdbus::ObjectPath{protocol::path::event_handler}), client_{client} {
      registerAdaptor();
    }
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    ~Handler() { unregisterAdaptor(); }

  private:
    void Handle(const uint64_t& id, const std::string& name, const std::vector<std::string>& env,
                const std::vector<sdbus::UnixFd>& files, const bool&) override {
      client_.handlers_.handle(id, {.name = protocol::unescaped(name),
                                    .environment = protocol::Environment{protocol::unescaped(env)},
                                    .files = from_wire(files)});
    }
    BrokerClient& client_;
  };

  void onEventEmitted(const uint64_t&, const std::string&, const std::vector<std::string>&) override {}
  void onEventFinished(const uint64_t& id, const std::string& name, const std::vector<std::string>& env,
                       const bool& failed) override {
    client_.event_finished(id, name, env, failed);
  }
  void onInterestChanged(const std::vector<std::string>& wanted) override { client_.set_others(wanted); }
  void onEmitForReply(const uint64_t& id, std::optional<sdbus::Error> error) override {
    if (error) client_.refused(error->getMessage());
    else client_.accepted(id);
  }
  void onEmitReply(const uint64_t&, std::optional<sdbus::Error>) override {}
  void onAttachReply(const std::vector<std::string>& wanted, std::optional<sdbus::Error> error) override {
    if (error) spdlog::error("the event broker refuses this daemon as a handler: {}", error->getMessage());
    else client_.set_others(wanted);
  }
  void onSubscribeReply(std::optional<sdbus::Error> error) override {
    if (error) spdlog::error("the event broker refuses a subscription: {}", error->getMessage());
  }
  void onJoinBusReply(std::optional<sdbus::Error> error) override {
    if (error) spdlog::warn("the event broker cannot join the bus: {}", error->getMessage());
  }
  void onWaitForReply(const bool&, std::optional<sdbus::Error>) override {}

  BrokerClient& client_;
  Handler handler_;
};

BrokerClient::BrokerClient(base::EventLoop& loop, std::string address, Handlers handlers)
    : loop_{loop},
      address_{std::move(address)},
      handlers_{std::move(handlers)},
      retry_{loop, [this] { connect(); }},
      pause_{first_pause},
      warning_{loop, [](const std::string& why) {
                 spdlog::warn("no connection to the event broker: {}; trying again", why);
               }} {
  connect();
}

BrokerClient::~BrokerClient() = default;

void BrokerClient::connect() {
  handshake_ = base::Handshake::to_peer(loop_, address_, [this](auto outcome) {
    loop_.defer([handshake = std::shared_ptr{std::move(handshake_)}] {}); // it is on the stack
    if (outcome) connected(std::move(*outcome));
    else lost(outcome.error());
  });
}

void BrokerClient::connected(std::unique_ptr<base::BusConnection> connection) {
  connection_ = std::move(connection);
  connection_->on_disconnected([this] { lost("it hung up"); });
  link_ = std::make_unique<Link>(*this, connection_->sdbus());
  pause_ = first_pause;
  warning_.recovered();
  std::vector<std::string> names{names_.begin(), names_.end()};
  tell_problem("what the jobs want",
               base::send_if_connected([&] { link_->Attach(handler_name, protocol::escaped(names)); }));
  if (!bus_address_.empty()) join_bus(bus_address_);
  std::erase_if(unaccepted_, [this](const Emission& emission) { return !send(emission); });
}

void BrokerClient::lost(const std::string& why) {
  spdlog::debug("no connection to the event broker: {}", why);
  warning_.failing(why);
  link_.reset();
  connection_.reset();
  retry_.start(pause_);
  pause_ = std::min(pause_ * 2, longest_pause);
}

// False where it can never be sent: it is concluded as failed, so that nothing waits for it for ever.
bool BrokerClient::send(const Emission& emission) {
  const auto& event = emission.event;
  auto problem = base::send_if_connected([&] {
    link_->EmitFor(protocol::escaped(event.name), protocol::escaped(event.environment.strings()), to_wire(event.files),
                   emission.origin.uid, emission.origin.pid);
  });
  if (!problem) return true;
  spdlog::error("event {} cannot be sent to the event broker: {}", event.name, *problem);
  if (emission.finished) loop_.defer([finished = emission.finished] { finished(true); });
  return false;
}

void BrokerClient::emit(const Event& event, Origin origin, std::function<void(bool failed)> finished) {
  unaccepted_.push_back({event, origin, std::move(finished)});
  if (link_ && !send(unaccepted_.back())) unaccepted_.pop_back();
}

void BrokerClient::accepted(EventId id) {
  if (unaccepted_.empty()) return;
  unfinished_.emplace(id, std::move(unaccepted_.front().finished));
  unaccepted_.pop_front();
}

void BrokerClient::refused(const std::string& why) {
  if (unaccepted_.empty()) return;
  auto emission = std::move(unaccepted_.front());
  unaccepted_.pop_front();
  spdlog::error("the event broker refuses event {}: {}", emission.event.name, why);
  if (emission.finished) emission.finished(true);
}

void BrokerClient::event_finished(EventId id, const std::string& name, const std::vector<std::string>& environment,
                                  bool failed) {
  auto found = unfinished_.find(id);
  if (found == unfinished_.end())
    return handlers_.finished_elsewhere(protocol::unescaped(name),
                                        protocol::Environment{protocol::unescaped(environment)});
  auto finished = std::move(found->second);
  unfinished_.erase(found);
  if (finished) finished(failed);
}

void BrokerClient::record(const Event& event, Origin origin) {
  if (!link_) return;
  tell_problem("an event", base::send_if_connected([&] {
                 link_->Record(protocol::escaped(event.name), protocol::escaped(event.environment.strings()),
                               origin.uid, origin.pid);
               }));
}

void BrokerClient::finished(EventId id, bool failed, const std::vector<protocol::JobAction>& done) {
  using Wire = sdbus::Struct<std::string, std::string, std::string>;
  if (!link_) return;
  auto wire = protocol::job_actions_to_wire<Wire>(protocol::converted(done, protocol::escaped));
  tell_problem("that an event has finished", base::send_if_connected([&] { link_->Finished(id, failed, wire); }));
}

void BrokerClient::subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) {
  for (const auto& name : remove) names_.erase(name);
  names_.insert(add.begin(), add.end());
  if (link_)
    tell_problem("what the jobs want",
                 base::send_if_connected([&] { link_->Subscribe(protocol::escaped(add), protocol::escaped(remove)); }));
}

void BrokerClient::set_others(const std::vector<std::string>& names) {
  others_.clear();
  others_patterns_.clear();
  for (const auto& wanted : names) {
    auto name = protocol::unescaped(wanted);
    if (name.find_first_of("*?[\\") == std::string::npos) others_.insert(name);
    else others_patterns_.push_back(name);
  }
}

bool BrokerClient::wanted_by_others(const std::string& event) const {
  return others_.contains(event) || std::ranges::any_of(others_patterns_, [&](const std::string& pattern) {
           return ::fnmatch(pattern.c_str(), event.c_str(), 0) == 0;
         });
}

void BrokerClient::join_bus(const std::string& address) {
  bus_address_ = address;
  if (link_)
    tell_problem("the address of the bus",
                 base::send_if_connected([&] { link_->JoinBus(protocol::escaped(address)); }));
}

} // namespace upstart::supervisor
