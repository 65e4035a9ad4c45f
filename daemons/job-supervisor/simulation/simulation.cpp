#include "daemons/job-supervisor/simulation/simulation.hpp"

#include "daemons/job-supervisor/simulation/simulated-world.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace upstart::supervisor {

namespace {

using Kind = SimulatedStep::Kind;

// What happens here did not happen: nothing of it goes to the log.
class Silence {
public:
  Silence() : before_{spdlog::get_level()} { spdlog::set_level(spdlog::level::off); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() { spdlog::set_level(before_); }

private:
  spdlog::level::level_enum before_;
};

void ignore(const std::expected<std::string, CommandError>&) {}

class Simulation {
public:
  explicit Simulation(const Situation& situation)
      : jobs_{{.processes = processes_, .events = broker_, .clock = clock_, .observer = observer_},
              {.own_environment = protocol::Environment{situation.environment},
               .inherit_environment = true,
               .session_address = ""}} {
    for (const auto& job_class : situation.classes) jobs_.apply({{job_class->name, job_class}});
    for (const auto& running : situation.running) start(running);
    for (const auto& held : situation.held) hold(held);
    steps_.clear();
    broker_.begin([this](EventId id, Event event) { jobs_.handle(id, std::move(event)); });
  }

  Steps emit(const SimulatedEvent& event) {
    bool finished = false;
    jobs_.emit({.name = event.name, .environment = protocol::Environment{event.environment}, .files = {}}, {},
               [&](bool failed) {
                 steps_.push_back({.kind = failed ? Kind::failed : Kind::finished, .name = event.name});
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
    if (auto* entry = jobs_.find_class(running.job)) jobs_.start(*entry, running.environment, false, ignore);
    work_off();
  }

  Subscriber* holder(const Situation::Held& held) {
    if (held.instance) {
      auto* job = jobs_.find_instance(held.job, *held.instance);
      return job ? &job->stop_on() : nullptr;
    }
    auto* entry = jobs_.find_class(held.job);
    return entry ? &entry->start_on() : nullptr;
  }

  void hold(const Situation::Held& held) {
    auto* subscriber = holder(held);
    if (!subscriber || held.node >= subscriber->expression().nodes.size()) return;
    Event event{.name = held.event.name, .environment = protocol::Environment{held.event.environment}, .files = {}};
    auto handled = std::make_shared<HandledEvent>(before_all_others, std::move(event));
    if (subscriber->state().offer(subscriber->expression(), held.node, handled)) handled->block();
  }

  void note_half_true(Subscriber& subscriber, const std::string& job, const std::string& instance,
                      const char* condition) {
    for (std::uint32_t i = 0; i < subscriber.expression().nodes.size(); ++i)
      if (auto event = subscriber.state().held_by(i); event && event->id() != before_all_others)
        steps_.push_back(
            {.kind = Kind::holding, .job = job, .instance = instance, .name = condition, .text = event->name()});
  }

  void note_half_true_conditions() {
    std::vector<ClassEntry*> entries;
    for (const auto& [_, entry] : jobs_.classes()) entries.push_back(entry.get());
    std::ranges::sort(entries, {}, [](const ClassEntry* entry) { return entry->name(); });
    for (auto* entry : entries) {
      note_half_true(entry->start_on(), entry->name(), "", "start on");
      for (const auto& [name, job] : entry->instances()) note_half_true(job->stop_on(), entry->name(), name, "stop on");
    }
  }

  static constexpr EventId before_all_others = 0;

  Silence silence_;
  Agenda agenda_;
  Steps steps_;
  SimulatedProcesses processes_{agenda_, steps_};
  SimulatedBroker broker_{agenda_, steps_};
  SimulatedClock clock_{agenda_};
  SimulationObserver observer_{steps_};
  JobManager jobs_;
};

SimulatedEvent plain(const HandledEvent& event) { return {event.name(), event.environment().strings()}; }

void note_held(Situation& situation, Subscriber& subscriber, const std::string& job,
               const std::optional<std::string>& instance) {
  for (std::uint32_t i = 0; i < subscriber.expression().nodes.size(); ++i)
    if (auto event = subscriber.state().held_by(i)) situation.held.push_back({job, instance, i, plain(*event)});
}

} // namespace

Situation situation_of(const JobManager& manager) {
  Situation situation{.classes = {}, .environment = manager.tables().global().strings()};
  for (const auto& [name, entry] : manager.classes()) {
    situation.classes.push_back(entry->job_class());
    note_held(situation, entry->start_on(), name, std::nullopt);
    for (const auto& [instance, job] : entry->instances()) {
      if (job->goal() == Goal::stop) continue;
      situation.running.push_back({name, job->environment().strings()});
      note_held(situation, job->stop_on(), name, instance);
    }
  }
  return situation;
}

std::string_view name_of(SimulatedStep::Kind kind) {
  constexpr std::string_view names[]{"event",  "goal",    "state",   "process", "finished",
                                     "failed", "blocked", "holding", "endless"};
  return names[static_cast<std::size_t>(kind)];
}

std::vector<SimulatedStep> simulate(const Situation& situation, const SimulatedEvent& event) {
  return Simulation{situation}.emit(event);
}

std::string as_json(const std::vector<SimulatedStep>& steps) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const auto& step : steps) {
    Json json{{"kind", name_of(step.kind)}};
    if (!step.job.empty()) json.update({{"job", step.job}, {"instance", step.instance}});
    if (!step.name.empty()) json["name"] = step.name;
    if (step.kind == Kind::event) json["env"] = step.environment;
    if (!step.text.empty()) json["text"] = step.text;
    list.push_back(std::move(json));
  }
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace upstart::supervisor
