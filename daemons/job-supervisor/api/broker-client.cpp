#include "daemons/job-supervisor/api/broker-client.hpp"

#include "generated/EventBroker1-proxy-stub.hpp"
#include "generated/EventHandler1-adaptor.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <fnmatch.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace upstart::supervisor {

namespace {

constexpr const char* handler_name = "job-supervisor";
constexpr base::PauseRange pauses{std::chrono::milliseconds{5}, std::chrono::milliseconds{1000}};
// As many as the broker keeps in its history (event-broker/queue).
constexpr std::size_t most_records = 4096;
// In one message, if none of them is larger.
constexpr std::size_t most_records_at_once = 64, most_bytes_at_once = 64 * 1024;
// As many as one user may have pending.
constexpr std::size_t most_unconfirmed = 100'000;
using JobActionStruct = sdbus::Struct<std::string, std::string, std::string>;

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

std::vector<EventRecord> taken_for_one_message(std::deque<EventRecord>& records) {
  std::vector<EventRecord> taken;
  for (std::size_t bytes = 0; !records.empty() && taken.size() < most_records_at_once && bytes < most_bytes_at_once;) {
    bytes += std::ranges::fold_left(records.front().get<1>(), std::size_t{0},
                                    [](std::size_t sum, const std::string& text) { return sum + text.size(); });
    taken.push_back(std::move(records.front()));
    records.pop_front();
  }
  return taken;
}

} // namespace

class BrokerClient::Session final : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::EventBroker1_proxy_stub> {
public:
  Session(BrokerClient& client, sdbus::IConnection& connection)
      : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::event_broker}),
        client_{client},
        handler_{client, connection} {
    registerProxy();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { unregisterProxy(); }

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
      client_.handle(id, {.name = protocol::unescaped(name),
                          .environment = protocol::Environment{protocol::unescaped(env)},
                          .files = from_wire(files)});
    }
    BrokerClient& client_;
  };

  void onEventFinished(const uint64_t& id, const std::string& name, const std::vector<std::string>& env,
                       const bool& failed) override {
    client_.event_finished(id, name, env, failed);
  }
  void onInterestChanged(const std::vector<std::string>& wanted) override { client_.set_others(wanted); }
  void onAttachWithTicketReply(const std::vector<std::string>& wanted, const std::vector<uint64_t>& unfinished,
                               std::optional<sdbus::Error> error) override {
    if (!error) client_.attached(wanted, unfinished);
    else if (error->getName() != SD_BUS_ERROR_NO_REPLY) client_.not_attached(error->getMessage());
  }
  void onDisplaced(const std::string&) override { client_.not_attached("another process has taken its place"); }
  void onListenReply(std::optional<sdbus::Error> error) override {
    if (error && error->getName() != SD_BUS_ERROR_NO_REPLY)
      spdlog::error("the event broker does not tell of events: {}", error->getMessage());
  }
  void onSubscribeReply(std::optional<sdbus::Error> error) override {
    if (error && error->getName() != SD_BUS_ERROR_NO_REPLY)
      spdlog::error("the event broker refuses a subscription: {}", error->getMessage());
  }
  void onJoinBusReply(std::optional<sdbus::Error> error) override {
    if (error && error->getName() != SD_BUS_ERROR_NO_REPLY)
      spdlog::warn("the event broker cannot join the bus: {}", error->getMessage());
  }

  BrokerClient& client_;
  Handler handler_;
};

BrokerClient::BrokerClient(base::EventLoop& loop, const std::string& address, Handlers handlers, std::string identity)
    : handlers_{std::move(handlers)},
      connection_{loop,
                  {.other_end = "event broker", .pauses = pauses},
                  {.connected = [this](base::BusConnection& broker) { connected(broker); },
                   .lost =
                       [this] {
                         attach_again_.stop();
                         emitter_.lost();
                         session_.reset();
                       }}},
      emitter_{loop, base::EventEmitter::Learns::by_signal},
      identity_{std::move(identity)},
      pause_{pauses},
      attach_again_{loop, [this] { attach(); }},
      turn_ends_{loop, [this] { send_records(); }},
      not_attached_{loop, [](const std::string& why) {
                      spdlog::error("the event broker gives this daemon no events: {}; trying again", why);
                    }} {
  connection_.connect_to(address);
}

BrokerClient::~BrokerClient() = default;

void BrokerClient::connected(base::BusConnection& broker) {
  session_ = std::make_unique<Session>(*this, broker.sdbus());
  attach();
  tell_problem("the wish to hear of events", base::send_if_connected([&] { session_->Listen({}, {"*"}); }));
  if (!bus_address_.empty()) join_bus(bus_address_);
  send_records();
  emitter_.connected(broker);
}

void BrokerClient::take_events() {
  if (std::exchange(waits_, false) && session_) attach();
}

void BrokerClient::attach() {
  if (waits_) return;
  std::vector<std::string> names{names_.begin(), names_.end()};
  tell_problem("the subscription", base::send_if_connected([&] {
                 session_->AttachWithTicket(handler_name, protocol::escaped(names), identity_);
               }));
}

void BrokerClient::attached(const std::vector<std::string>& wanted_by_others, const std::vector<EventId>& unfinished) {
  pause_.reset();
  set_others(wanted_by_others);
  std::vector<EventId> confirmed;
  for (const auto& [id, finished] : unconfirmed_) {
    if (std::ranges::binary_search(unfinished, id)) send_finished(id, finished);
    else confirmed.push_back(id);
  }
  for (auto id : confirmed) confirm(id);
  was_attached_ = true;
  handlers_.attached();
}

void BrokerClient::not_attached(const std::string& why) {
  not_attached_.tell(why);
  attach_again_.start(pause_.next());
}

void BrokerClient::emit(EmissionId id, const Event& event, Origin origin) {
  send_records();
  base::Caller emitter{.uid = origin.uid, .pid = static_cast<pid_t>(origin.pid)};
  emitter_.emit({.name = event.name,
                 .environment = event.environment,
                 .files = event.files,
                 .emitter = emitter,
                 .token = identity_ + ":" + std::to_string(id)},
                [this, id](bool failed) { handlers_.emission_finished(id, failed); });
}

void BrokerClient::event_finished(EventId id, const std::string& name, const std::vector<std::string>& environment,
                                  bool failed) {
  confirm(id);
  if (emitter_.event_finished(id, failed)) return;
  handlers_.finished_elsewhere(protocol::unescaped(name), protocol::Environment{protocol::unescaped(environment)});
}

void BrokerClient::record(const Event& event, Origin origin) {
  if (records_.size() == most_records) records_.pop_front();
  records_.emplace_back(protocol::escaped(event.name), protocol::escaped(event.environment.strings()), origin.uid,
                        origin.pid);
  if (!session_) return;
  if (records_.size() >= most_records_at_once) send_records(); // else they would lie between what stays
  else turn_ends_.resume();
}

void BrokerClient::send_records() {
  turn_ends_.pause();
  if (!session_) return;
  while (!records_.empty())
    tell_problem("the record of events",
                 base::send_if_connected([&] { session_->RecordAll(taken_for_one_message(records_)); }));
}

void BrokerClient::finished(EventId id, bool failed, const std::vector<protocol::JobAction>& actions) {
  if (unconfirmed_.size() >= most_unconfirmed) confirm(unconfirmed_.begin()->first);
  auto& finished = unconfirmed_[id] = {failed, actions};
  send_records();
  if (session_) send_finished(id, finished);
}

// What is not confirmed yet and given again was said again when this daemon attached.
void BrokerClient::handle(EventId id, Event event) {
  if (!unconfirmed_.contains(id)) handlers_.handle(id, std::move(event));
}

void BrokerClient::confirm(EventId id) {
  if (unconfirmed_.erase(id) > 0) handlers_.finish_confirmed(id);
}

void BrokerClient::send_finished(EventId id, const Finished& finished) {
  const auto& [failed, actions] = finished;
  auto wire = protocol::job_actions_to_wire<JobActionStruct>(
      protocol::converted(actions, static_cast<std::string (*)(std::string_view)>(protocol::escaped)));
  tell_problem("the end of an event", base::send_if_connected([&] { session_->Finished(id, failed, wire); }));
}

void BrokerClient::subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) {
  for (const auto& name : remove) names_.erase(name);
  names_.insert(add.begin(), add.end());
  if (session_ && !waits_)
    tell_problem("the subscription", base::send_if_connected([&] {
                   session_->Subscribe(protocol::escaped(add), protocol::escaped(remove));
                 }));
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
  if (session_)
    tell_problem("the address of the bus",
                 base::send_if_connected([&] { session_->JoinBus(protocol::escaped(address)); }));
}

} // namespace upstart::supervisor
