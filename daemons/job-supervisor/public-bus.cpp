#include "daemons/job-supervisor/public-bus.hpp"

#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

namespace upstart::supervisor {

namespace {
constexpr base::PauseRange pauses{std::chrono::milliseconds{50}, std::chrono::milliseconds{5000}};
// A child that a supervisor who died has just forked holds that one's connection, and with it the name, until it
// executes its program.
constexpr std::chrono::milliseconds longest_wait_for_name{2000};
} // namespace

PublicBus::PublicBus(base::EventLoop& loop, Jobs& jobs, DaemonControl& control, bool has_predecessor, Events events)
    : jobs_{jobs},
      control_{control},
      has_predecessor_{has_predecessor},
      events_{std::move(events)},
      connection_{loop,
                  {.kind = base::ReconnectingConnection::Kind::bus,
                   .other_end = "bus",
                   .pauses = pauses,
                   .name = protocol::bus_name::upstart,
                   .name_queue = true},
                  {.connected = [this](base::BusConnection& connection) { connected(connection); },
                   .lost = [this] { lost(); },
                   .attempt_failed = [this](const std::string& why) { attempt_failed(why); },
                   .name_answered = [this](auto outcome, const std::string& why) { name_answered(outcome, why); }}},
      name_wait_{loop, [this] {
                   name_is_late_ = true;
                   connection_.ask_for_name();
                 }} {}

void PublicBus::join_or_give_up(const std::string& address, Reply reply) {
  if (is_joined()) return reply({});
  waiting_.push_back(std::move(reply));
  if (waiting_.size() == 1) connection_.connect_to(address);
}

void PublicBus::connected(base::BusConnection& connection) {
  client_ = std::make_unique<ClientConnection>(connection, jobs_, control_);
  events_.joined();
  answer({});
}

void PublicBus::lost() {
  client_.reset();
  name_wait_.stop();
  name_is_late_ = false;
  events_.settled();
}

void PublicBus::attempt_failed(const std::string& why) {
  events_.settled();
  if (waiting_.empty()) return;
  auto outcome = std::unexpected{
      CommandError{protocol::error_name::no_server, "Unable to join the bus at " + connection_.address() + ": " + why}};
  connection_.disconnect();
  answer(outcome);
}

void PublicBus::answer(const Outcome& outcome) {
  for (auto& reply : std::exchange(waiting_, {})) reply(outcome);
}

void PublicBus::name_answered(base::ReconnectingConnection::NameOutcome outcome, const std::string& why) {
  using enum base::ReconnectingConnection::NameOutcome;
  if (outcome == owned) return events_.settled();
  if (outcome != refused && has_predecessor_ && !name_is_late_) return name_wait_.start(longest_wait_for_name);
  if (outcome == refused) spdlog::critical("the bus refuses the name {}: {}", protocol::bus_name::upstart, why);
  else spdlog::critical("the name {} on the bus is taken: another Upstart serves it", protocol::bus_name::upstart);
  connection_.give_up_name();
  events_.name_missing();
}

} // namespace upstart::supervisor
