#include "daemons/bridge/supervisor-session.hpp"

#include "generated/JobSupervisor1-proxy-stub.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <sdbus-c++/StandardInterfaces.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace upstart::bridge {

namespace {

constexpr const char* bus_address_property = "bus_address";
using SocketOnWire = sdbus::Struct<std::string, std::string, std::vector<std::string>, sdbus::UnixFd>;
using JobOnWire = sdbus::Struct<std::string, Expression, Expression, std::uint32_t>;

ConditionStore::Report report_of(const JobOnWire& job) {
  return {.job = protocol::unescaped(job.get<0>()),
          .start_on = protocol::unescaped(job.get<1>()),
          .stop_on = protocol::unescaped(job.get<2>()),
          .active = job.get<3>()};
}

} // namespace

class SupervisorSession::Proxy final
    : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::JobSupervisor1_proxy_stub, sdbus::Properties_proxy> {
public:
  Proxy(sdbus::IConnection& connection, SupervisorSession& session)
      : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::job_supervisor}),
        session_{session} {
    registerProxy();
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy() { unregisterProxy(); }

  void ask() {
    unanswered_ = session_.watched_.size();
    for (const auto& event : session_.watched_) watch(event);
    GetAsync(INTERFACE_NAME, bus_address_property,
             [this](std::optional<sdbus::Error> error, const sdbus::Variant& value) {
               if (!error) take_bus_address(value);
             });
    if (session_.offers_ != nullptr)
      session_.offers_->connected([this](const auto& job, const auto& sockets) { offer(job, sockets); });
    if (session_.warnings_ != nullptr)
      session_.warnings_->connected([this](auto number, const auto& warning) { locate(number, warning); });
  }

private:
  static constexpr const char* INTERFACE_NAME = com::ubuntu::Upstart::JobSupervisor1_proxy_stub::INTERFACE_NAME;

  // Not the generated method, whose reply does not say which event it is about.
  void watch(const std::string& event) {
    getProxy()
        .callMethodAsync("WatchConditions")
        .onInterface(INTERFACE_NAME)
        .withArguments(event)
        .uponReplyInvoke([this, event](std::optional<sdbus::Error> error, const std::vector<JobOnWire>& jobs) {
          if (error) return refused(event, *error);
          std::vector<ConditionStore::Report> reports;
          std::ranges::transform(jobs, std::back_inserter(reports), report_of);
          session_.store_.take_all(event, reports);
          session_.hand_on();
          if (--unanswered_ == 0) say_offered();
        });
  }

  // What is offered for what was handed on has left before.
  void say_offered() {
    if (session_.offers_ == nullptr || !session_.offers_->are_used()) return;
    getProxy()
        .callMethodAsync("SocketsOffered")
        .onInterface(INTERFACE_NAME)
        .uponReplyInvoke([](std::optional<sdbus::Error>) {});
  }

  static void refused(const std::string& event, const sdbus::Error& error) {
    if (base::is_hang_up(error) || error.getName() == SD_BUS_ERROR_NO_REPLY) return; // asked again when it is back
    spdlog::error(
        "the job supervisor refuses to list the jobs that name the event {}: {}; their conditions are not served",
        event, error.getMessage());
  }

  void onConditionsChanged(const std::string& event, const std::string& job, const Expression& start_on,
                           const Expression& stop_on) override {
    if (!std::ranges::contains(session_.watched_, event)) return;
    session_.store_.take_change(event, protocol::unescaped(job), protocol::unescaped(start_on),
                                protocol::unescaped(stop_on));
    session_.hand_on_later();
  }

  void offer(const std::string& job, const std::vector<SocketOffer>& sockets) try {
    std::vector<SocketOnWire> on_wire;
    for (const auto& socket : sockets)
      on_wire.emplace_back(socket.identity, protocol::escaped(socket.name), protocol::escaped(socket.event.strings()),
                           sdbus::UnixFd{socket.file->get()});
    getProxy()
        .callMethodAsync("OfferSockets")
        .onInterface(INTERFACE_NAME)
        .withArguments(protocol::escaped(job), on_wire)
        .uponReplyInvoke([this, job](std::optional<sdbus::Error> error, const std::vector<std::string>& held) {
          if (error) return not_offered(job, *error);
          session_.offers_->take_answer(job, held);
        });
  } catch (const sdbus::Error& error) { not_offered(job, error); }

  // A job that is not there any more is told of by its conditions.
  void not_offered(const std::string& job, const sdbus::Error& error) {
    if (base::is_hang_up(error) || error.getName() == SD_BUS_ERROR_NO_REPLY ||
        error.getName() == protocol::error_name::unknown_job)
      return;
    spdlog::error(
        "the job supervisor does not take the sockets of job {}: {}; the job gets a socket with the event of a "
        "client only",
        protocol::readable(job), error.getMessage());
    session_.offers_->take_answer(job, {});
  }

  void locate(ConditionWarnings::Number number, const ConditionWarning& warning) {
    std::string job = protocol::escaped(warning.job);
    std::vector<std::string> condition{protocol::escaped(warning.match.event)};
    for (const auto& argument : warning.match.arguments) condition.push_back(protocol::escaped(argument));
    getProxy()
        .callMethodAsync("LocateCondition")
        .onInterface(INTERFACE_NAME)
        .withArguments(job, condition)
        .uponReplyInvoke([this, number](std::optional<sdbus::Error> error, const std::string& place) {
          session_.warnings_->take_place(number, error ? "" : place);
        });
  }

  void onSocketHeld(const std::string& job, const std::string& socket, const bool& held) override {
    if (session_.offers_ != nullptr) session_.offers_->take_change(protocol::unescaped(job), socket, held);
  }

  void onActivityChanged(const std::string& job, const std::uint32_t& active) override {
    session_.store_.take_activity(protocol::unescaped(job), active);
    session_.hand_on();
  }

  void onPropertiesChanged(const sdbus::InterfaceName&, const std::map<sdbus::PropertyName, sdbus::Variant>& changed,
                           const std::vector<sdbus::PropertyName>&) override {
    if (auto found = changed.find(sdbus::PropertyName{bus_address_property}); found != changed.end())
      take_bus_address(found->second);
  }

  void take_bus_address(const sdbus::Variant& value) {
    if (!value.containsValueOfType<std::string>()) return;
    if (auto address = value.get<std::string>(); !address.empty()) session_.events_.bus_address(address);
  }

  SupervisorSession& session_;
  std::size_t unanswered_ = 0; // WatchConditions
};

SupervisorSession::SupervisorSession(base::EventLoop& loop, const std::string& address,
                                     std::vector<std::string> watched, Events events, SocketOffers* offers,
                                     ConditionWarnings* warnings)
    : loop_{loop},
      watched_{std::move(watched)},
      events_{std::move(events)},
      offers_{offers},
      warnings_{warnings},
      store_{watched_},
      connection_{loop,
                  {.other_end = "job supervisor"},
                  {.connected =
                       [this](auto& connection) {
                         proxy_ = std::make_unique<Proxy>(connection.sdbus(), *this);
                         proxy_->ask();
                       },
                   .lost =
                       [this] {
                         if (offers_ != nullptr) offers_->disconnected();
                         if (warnings_ != nullptr) warnings_->disconnected();
                         proxy_.reset();
                       }}} {
  connection_.connect_to(address);
}

SupervisorSession::~SupervisorSession() { *alive_ = false; }

void SupervisorSession::hand_on() {
  if (auto update = store_.take_update()) events_.updated(*update);
}

void SupervisorSession::hand_on_later() {
  if (std::exchange(hand_on_is_due_, true)) return;
  loop_.defer([this, alive = alive_] {
    if (!*alive) return;
    hand_on_is_due_ = false;
    hand_on();
  });
}

} // namespace upstart::bridge
