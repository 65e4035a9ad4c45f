#include "daemons/job-supervisor/jobs/decisions/event-matching.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"
#include "daemons/job-supervisor/jobs/core/socket-offers.hpp"
#include "daemons/job-supervisor/jobs/decisions/session-end.hpp"

#include <algorithm>
#include <format>
#include <iterator>
#include <ranges>
#include <tuple>

namespace upstart::supervisor {

namespace {

// What an event brings into a job's environment. PATH, the older word for the path of a socket, is there to be matched:
// as a variable of the job it would hide where programs are.
protocol::Environment job_variables(const Event& event) {
  auto variables = event.environment;
  if (event.name == "socket" && variables.contains("SOCKET_PATH")) variables.unset("PATH");
  return variables;
}

std::vector<EventId> distinct(const std::vector<EventId>& events) {
  std::vector<EventId> once;
  for (auto event : events)
    if (!std::ranges::contains(once, event)) once.push_back(event);
  return once;
}

Subscriber& subscriber_of(const EventIndex::Leaf& leaf) { return *static_cast<Subscriber*>(leaf.subscriber); }

} // namespace

void EventMatching::handle(EventId id, Event event) {
  auto leaves = core_.index.find(event.name, event.environment);
  auto order = [](const EventIndex::Leaf& leaf) {
    const auto& subscriber = subscriber_of(leaf);
    return std::tuple{std::string_view{subscriber.job_name()}, subscriber.job() == 0, subscriber.instance(), leaf.node};
  };
  std::ranges::sort(leaves, {}, order);
  core_.events.add(id, std::move(event));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    auto& subscriber = subscriber_of(leaves[i]);
    offer(subscriber, leaves[i].node, id);
    if (i + 1 == leaves.size() || leaves[i + 1].subscriber != leaves[i].subscriber) act(subscriber);
  }
  core_.release(id, false);
}

void EventMatching::offer_again(Subscriber& subscriber, const std::vector<EventId>& held) {
  for (auto id : held) {
    const auto& event = core_.events.at(id).event;
    for (const auto& leaf : core_.index.find(event.name, event.environment))
      if (leaf.subscriber == &subscriber) offer(subscriber, leaf.node, id);
    act(subscriber);
    core_.release(id, false);
  }
}

void EventMatching::hold(Subscriber& subscriber, std::uint32_t leaf, EventId id, Event event) {
  core_.events.add(id, std::move(event));
  offer(subscriber, leaf, id);
  core_.release(id, false);
}

void EventMatching::offer(Subscriber& subscriber, std::uint32_t leaf, EventId event) {
  if (!subscriber.state().offer(subscriber.expression(), leaf, event)) return;
  core_.events.block(event);
  core_.classes.mark_holder(subscriber);
}

void EventMatching::act(Subscriber& subscriber) {
  auto events = subscriber.state().events_that_made_it_true(subscriber.expression()); // some twice, for two leaves
  if (events.empty()) return;
  auto held = subscriber.state().reset();
  core_.classes.mark_holder(subscriber);
  if (subscriber.job() != 0) stop(*core_.classes.find(subscriber.job()), events);
  else start(*core_.classes.find(subscriber.job_name()), events);
  for (auto event : held) core_.release(event, false);
}

void EventMatching::stop(Job& job, const std::vector<EventId>& events) {
  if (job.life().is_to_stop()) return;
  protocol::Environment environment;
  for (auto id : events) environment.merge(core_.events.at(id).event.environment);
  environment.set("UPSTART_STOP_EVENTS", names_of(events));
  auto blockers = distinct(events);
  note(blockers, "stop", job);
  steps_.note(job, RecordKind::stopped, "stopped by " + told_of(blockers));
  steps_.take(job, input::Stop{.environment = std::move(environment), .blockers = std::move(blockers)});
}

// A job that is stopped while the session ends may make others want to start. Only the event of the end starts jobs,
// and the starts of these do, but not after its grace, when nothing would stop them any more; and what a stop waits
// for, a task, belongs to it.
bool EventMatching::comes_too_late(const JobClass& job_class, const std::vector<EventId>& events) const {
  if (!core_.session_ends) return false;
  auto has = [&](std::string_view name) {
    return std::ranges::any_of(events, [&](EventId id) { return core_.events.at(id).event.name == name; });
  };
  if (job_class.task && has("stopping")) return false;
  return core_.session.grace_is_over() || !(has(session_end_event) || has("starting") || has("started"));
}

void EventMatching::start(ClassEntry& entry, const std::vector<EventId>& events) {
  const auto& job_class = *entry.job_class();
  if (comes_too_late(job_class, events))
    return core_.note(entry, RecordKind::not_started, {},
                      std::format("`start on' came true by {}, but the session ends", told_of(distinct(events))));
  auto parameters = start_parameters(job_class, events);
  auto name = expand(job_class.instance, parameters.environment);
  auto blockers = distinct(events);
  if (!name) {
    core_.write(Severity::warning, std::format("Failed to obtain {} instance: {}", job_class.name, name.error()));
    return core_.note(
        entry, RecordKind::not_started, {},
        std::format("`start on' came true by {}, but the name of the instance, `{}', could not be made: {}",
                    told_of(blockers), job_class.instance, name.error()));
  }
  auto found = entry.instances().find(*name);
  if (found != entry.instances().end() && found->second->life().is_to_run())
    return core_.note(entry, RecordKind::not_started, *name,
                      std::format("`start on' came true by {}, but it was running already", told_of(blockers)));
  auto& job = found != entry.instances().end() ? *found->second : steps_.make_instance(entry, *name);
  note(blockers, "start", job);
  steps_.note(job, RecordKind::started, "started by " + told_of(blockers));
  for (auto id : blockers) {
    const auto& handled = core_.events.at(id);
    for (const auto& [file, descriptor] : std::views::zip(handled.files, handled.event.files)) // lost ones: none
      job.keep(file, descriptor);
  }
  steps_.take(job, input::Start{.parameters = std::move(parameters), .blockers = std::move(blockers)});
}

StartParameters EventMatching::start_parameters(const JobClass& job_class, const std::vector<EventId>& events) const {
  StartParameters parameters{.environment = core_.environments.of_class(job_class)};
  for (auto id : events) parameters.environment.merge(job_variables(core_.events.at(id).event));
  auto once = distinct(events);
  for (auto id : once) {
    const auto& handled = core_.events.at(id);
    if (!SocketOffers{core_}.stands_for(job_class.name, handled.event)) // it is given with the others that are offered
      std::ranges::copy(handled.files, std::back_inserter(parameters.files));
  }
  parameters.environment.set("UPSTART_EVENTS", names_of(events));
  if (!job_class.positional_parameters) return parameters;
  parameters.environment.set("UPSTART_EVENT", core_.events.at(events.front()).event.name);
  for (auto id : once)
    for (const auto& variable : core_.events.at(id).event.environment.strings())
      parameters.positional.emplace_back(protocol::value_of(variable));
  return parameters;
}

std::string EventMatching::names_of(const std::vector<EventId>& events) const {
  std::string names;
  for (auto id : events) names += (names.empty() ? "" : " ") + core_.events.at(id).event.name;
  return names;
}

std::string EventMatching::told_of(const std::vector<EventId>& events) const {
  std::string text = events.size() == 1 ? "the event" : "the events";
  for (auto id : events) {
    const auto& event = core_.events.at(id).event;
    text += (id == events.front() ? " `" : ", `") + event.name;
    for (const auto& variable : event.environment.strings()) text += " " + variable;
    text += "'";
  }
  return text;
}

void EventMatching::note(const std::vector<EventId>& events, const char* operation, const Job& job) {
  for (auto id : events) core_.events.note(id, {.operation = operation, .job = job.name(), .instance = job.instance()});
}

} // namespace upstart::supervisor
