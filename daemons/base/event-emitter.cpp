#include "daemons/base/event-emitter.hpp"

#include "generated/EventBroker1-proxy.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>
#include <systemd/sd-id128.h>

#include <array>

namespace upstart::base {

namespace {

using Interface = com::ubuntu::Upstart::EventBroker1_proxy;
using Strings = std::vector<std::string>;

std::vector<sdbus::UnixFd> to_wire(const SharedFiles& files) {
  std::vector<sdbus::UnixFd> descriptors;
  for (const auto& file : files) descriptors.emplace_back(file->get()); // duplicates
  return descriptors;
}

// How the library answers what was open when the connection went.
bool is_unanswered(const sdbus::Error& error) { return is_hang_up(error) || error.getName() == SD_BUS_ERROR_NO_REPLY; }

// Answers are told apart by what the call itself carries, which the generated methods do not offer.
template <typename Reply> void call_emit(sdbus::IProxy& broker, const Emission& emission, Reply&& reply) {
  auto converted = protocol::escaped(emission.environment.strings());
  const Strings& environment = converted;
  auto name = protocol::escaped(emission.name);
  if (!emission.emitter)
    broker.callMethodAsync("EmitOnce")
        .onInterface(Interface::INTERFACE_NAME)
        .withArguments(name, environment, to_wire(emission.files), emission.token)
        .uponReplyInvoke(std::forward<Reply>(reply));
  else
    broker.callMethodAsync("EmitFor")
        .onInterface(Interface::INTERFACE_NAME)
        .withArguments(name, environment, to_wire(emission.files), static_cast<std::uint32_t>(emission.emitter->uid),
                       static_cast<std::uint32_t>(emission.emitter->pid), emission.token)
        .uponReplyInvoke(std::forward<Reply>(reply));
}

} // namespace

std::string random_identity() {
  sd_id128_t id{};
  std::array<char, SD_ID128_STRING_MAX> text{};
  sd_id128_randomize(&id);
  return sd_id128_to_string(id, text.data());
}

EventEmitter::EventEmitter(EventLoop& loop, Learns learns)
    : loop_{loop},
      learns_{learns},
      refusals_{loop, [](const std::string& text) { spdlog::error("{}", text); }},
      name_{random_identity()} {}

EventEmitter::~EventEmitter() { *alive_ = false; }

void EventEmitter::connected(BusConnection& broker) {
  broker_ = sdbus::createProxy(broker.sdbus(), sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::event_broker});
  std::vector<EventId> accepted_before;
  for (const auto& [id, finished] : unfinished_) accepted_before.push_back(id);
  for (auto id : accepted_before) ask(id);
  for (auto entry = unaccepted_.begin(); entry != unaccepted_.end();) {
    entry->second.sent_again = true;
    send(entry++);
  }
}

void EventEmitter::lost() {
  broker_.reset();
  std::erase_if(unaccepted_, [this](auto& entry) {
    if (entry.second.emission.keep) return false;
    conclude(std::move(entry.second.finished), true);
    return true;
  });
}

void EventEmitter::emit(Emission emission, Finished finished, Accepted accepted) {
  ++last_ticket_;
  if (emission.token.empty()) emission.token = name_ + ":" + std::to_string(last_ticket_);
  auto entry = unaccepted_.emplace_hint(unaccepted_.end(), last_ticket_,
                                        Unaccepted{std::move(emission), std::move(finished), std::move(accepted)});
  if (broker_) send(entry);
}

void EventEmitter::await(EventId id, Finished finished) {
  unfinished_[id] = std::move(finished);
  if (broker_) ask(id);
}

void EventEmitter::send(Entry entry) {
  auto problem = send_if_connected([&] {
    call_emit(*broker_, entry->second.emission,
              [this, ticket = entry->first](std::optional<sdbus::Error> error, EventId id) {
                if (!error) accepted(ticket, id);
                else if (!is_unanswered(*error)) refused(ticket, error->getMessage());
              });
  });
  if (problem) unsendable(entry, *problem);
}

void EventEmitter::ask(EventId id) {
  auto problem = send_if_connected([&] {
    broker_->callMethodAsync("WaitFor")
        .onInterface(Interface::INTERFACE_NAME)
        .withArguments(id)
        .uponReplyInvoke([this, id](std::optional<sdbus::Error> error, bool failed) {
          if (error && is_unanswered(*error)) return;
          bool forgotten = error && error->getName() == protocol::error_name::invalid_args;
          if (error && !forgotten)
            spdlog::warn("the event broker does not tell whether event {} has finished: {}", id, error->getMessage());
          event_finished(id, error ? !forgotten : failed);
        });
  });
  if (!problem) return;
  spdlog::warn("the event broker cannot be asked whether event {} has finished: {}", id, *problem);
  if (auto asked = unfinished_.extract(id)) conclude(std::move(asked.mapped()), true);
}

void EventEmitter::accepted(Ticket ticket, EventId id) {
  auto entry = unaccepted_.extract(ticket);
  if (!entry) return;
  unfinished_[id] = std::move(entry.mapped().finished);
  if (learns_ == Learns::by_asking || entry.mapped().sent_again) ask(id);
  if (entry.mapped().accepted) entry.mapped().accepted(id);
}

void EventEmitter::refused(Ticket ticket, const std::string& why) {
  auto entry = unaccepted_.extract(ticket);
  if (!entry) return;
  refusals_.tell("the event broker refuses event " + entry.mapped().emission.name + ": " + why);
  if (entry.mapped().finished) entry.mapped().finished(true);
}

// It can never be sent: it is concluded as failed, so that nothing waits for it for ever.
void EventEmitter::unsendable(Entry entry, const std::string& why) {
  spdlog::error("event {} cannot be sent to the event broker: {}", entry->second.emission.name, why);
  conclude(std::move(entry->second.finished), true);
  unaccepted_.erase(entry);
}

// From the loop, not from within the call at hand.
void EventEmitter::conclude(Finished finished, bool failed) {
  if (!finished) return;
  loop_.defer([alive = alive_, finished = std::move(finished), failed] {
    if (*alive) finished(failed);
  });
}

bool EventEmitter::event_finished(EventId id, bool failed) {
  auto found = unfinished_.extract(id);
  if (!found) return false;
  if (found.mapped()) found.mapped()(failed);
  return true;
}

} // namespace upstart::base
