#include "daemons/job-supervisor/simulation/simulation.hpp"

#include "daemons/base/values/suggestions.hpp"
#include "daemons/job-supervisor/simulation/simulated-world.hpp"
#include "protocol/event-pattern.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace upstart::supervisor {

namespace {

using Kind = SimulatedStep::Kind;

void ignore(const Outcome&) {}

// Ids of events that were there before, counted down; those of the simulated broker are counted up.
constexpr EventId last_before = ~EventId{0};
bool is_from_before(EventId id) { return id > last_before / 2; }

class Simulation {
public:
  explicit Simulation(const Situation& situation)
      : jobs_{{.processes = processes_, .events = broker_, .clock = clock_, .observer = observer_, .log = observer_},
              {.own_environment = protocol::Environment{situation.environment},
               .inherit_environment = true,
               .session_address = ""}} {
    for (const auto& job_class : situation.classes) jobs_.apply({{job_class->name, job_class}});
    for (const auto& running : situation.running) start(running);
    for (const auto& held : situation.held) hold(held);
    steps_.clear();
    broker_.begin();
  }

  Steps emit(const SimulatedEvent& event) {
    bool finished = false;
    jobs_.emit({.name = event.name, .environment = protocol::Environment{event.environment}}, {},
               [&](const Outcome& outcome) {
                 steps_.push_back({.kind = outcome ? Kind::finished : Kind::failed, .name = event.name});
                 finished = true;
               });
    work_off();
    if (steps_.size() >= most_simulated_steps) steps_.push_back({.kind = Kind::endless});
    else if (!finished) steps_.push_back({.kind = Kind::blocked, .name = event.name});
    note_half_true_conditions();
    return std::move(steps_);
  }

private:
  void work_off() {
    agenda_.work_off([this] { return steps_.size() >= most_simulated_steps; });
  }

  void start(const Situation::Running& running) {
    if (auto* entry = jobs_.classes().find(running.job))
      jobs_.commands().start(*entry, running.environment, false, ignore);
    work_off();
    steps_.clear();
  }

  Subscriber* holder(const Situation::Held& held) {
    if (held.instance) {
      auto* job = jobs_.classes().find(held.job, *held.instance);
      return job ? &job->stop_on() : nullptr;
    }
    auto* entry = jobs_.classes().find(held.job);
    return entry ? &entry->start_on() : nullptr;
  }

  void hold(const Situation::Held& held) {
    auto* subscriber = holder(held);
    if (!subscriber || held.node >= subscriber->expression().nodes.size()) return;
    jobs_.hold(*subscriber, held.node, next_before_--,
               {.name = held.event.name, .environment = protocol::Environment{held.event.environment}});
  }

  static std::vector<std::string> events_unseen_by(const Subscriber& subscriber) {
    std::vector<std::string> events;
    auto nodes = postfix(subscriber.expression());
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].front() == "/AND" || nodes[i].front() == "/OR" || subscriber.state().held_by(i) != no_event)
        continue;
      std::string event;
      for (const auto& word : nodes[i]) event += (event.empty() ? "" : " ") + word;
      events.push_back(std::move(event));
    }
    return events;
  }

  void note_half_true(const Subscriber& subscriber, const char* condition) {
    for (auto id : subscriber.state().held())
      if (id != no_event && !is_from_before(id))
        steps_.push_back({.kind = Kind::holding,
                          .job = subscriber.job_name(),
                          .instance = std::string{subscriber.instance()},
                          .name = condition,
                          .text = jobs_.core().events.at(id).event.name,
                          .missing = events_unseen_by(subscriber)});
  }

  void note_half_true_conditions() {
    for (const auto* entry : jobs_.classes().sorted()) {
      note_half_true(entry->start_on(), "start on");
      for (const auto& [_, job] : entry->instances()) note_half_true(job->stop_on(), "stop on");
    }
  }

  Agenda agenda_;
  Steps steps_;
  SimulatedProcesses processes_{agenda_, steps_};
  SimulatedBroker broker_{agenda_,
                          steps_,
                          {.handle = [this](EventId id, Event event) { jobs_.handle(id, std::move(event)); },
                           .finished = [this](EmissionId id, bool failed) { jobs_.emission_finished(id, failed); }}};
  SimulatedClock clock_{agenda_};
  SimulationObserver observer_{steps_};
  EventId next_before_ = last_before;
  Jobs jobs_;
};

void note_held(Situation& situation, const HandledEvents& events, const Subscriber& subscriber,
               const std::optional<std::string>& instance) {
  const auto& held = subscriber.state().held();
  for (std::uint32_t i = 0; i < held.size(); ++i) {
    if (held[i] == no_event) continue;
    const auto& event = events.at(held[i]).event;
    situation.held.push_back({subscriber.job_name(), instance, i, {event.name, event.environment.strings()}});
  }
}

// Empty: some class names the event, or none names one that is like it.
std::string meant_event(const Situation& situation, const std::string& event) {
  std::vector<std::string_view> names;
  for (const auto& job_class : situation.classes) {
    for (const auto* condition : {&job_class->start_on, &job_class->stop_on})
      for (const auto& node : condition->nodes)
        if (node.kind == ExpressionNode::Kind::match) names.push_back(node.event);
    if (std::ranges::any_of(job_class->emits, [&](const auto& name) { return protocol::event_fits(name, event); }))
      return {};
  }
  return std::ranges::contains(names, event) ? "" : base::near_miss(event, names);
}

} // namespace

Situation situation_of(const Jobs& jobs) {
  const auto& events = jobs.core().events;
  Situation situation{.classes = {}, .environment = jobs.core().environments.global().strings()};
  for (const auto& [name, entry] : jobs.classes().all()) {
    situation.classes.push_back(entry->job_class());
    note_held(situation, events, entry->start_on(), std::nullopt);
    for (const auto& [instance, job] : entry->instances()) {
      if (job->life().goal == Goal::stop) continue;
      situation.running.push_back({name, job->life().environment.strings()});
      note_held(situation, events, job->stop_on(), instance);
    }
  }
  return situation;
}

std::string_view name_of(SimulatedStep::Kind kind) {
  constexpr std::string_view names[]{"event",  "goal",    "state",   "process", "finished",
                                     "failed", "blocked", "holding", "endless", "unawaited"};
  return names[static_cast<std::size_t>(kind)];
}

std::vector<SimulatedStep> simulate(const Situation& situation, const SimulatedEvent& event) {
  auto steps = Simulation{situation}.emit(event);
  if (auto meant = meant_event(situation, event.name); !meant.empty())
    steps.push_back({.kind = Kind::unawaited, .name = event.name, .text = std::move(meant)});
  return steps;
}

std::string as_json(const std::vector<SimulatedStep>& steps) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const auto& step : steps) {
    Json json{{"kind", name_of(step.kind)}};
    if (!step.job.empty()) json.update({{"job", step.job}, {"instance", step.instance}});
    if (!step.name.empty()) json["name"] = step.name;
    if (step.kind == Kind::event) json["env"] = step.environment;
    if (!step.missing.empty()) json["missing"] = step.missing;
    if (!step.text.empty()) json["text"] = step.text;
    list.push_back(std::move(json));
  }
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace upstart::supervisor
