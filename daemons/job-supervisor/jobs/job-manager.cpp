#include "daemons/job-supervisor/jobs/job-manager.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"
#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <tuple>

namespace upstart::supervisor {

namespace error_name = protocol::error_name;

namespace {

CommandError invalid(std::string message) { return {error_name::invalid_args, std::move(message)}; }
CommandError already_stopped(const Job& job) {
  return {error_name::already_stopped, "Job has already been stopped: " + job.title()};
}
CommandError already_started(const Job& job) {
  return {error_name::already_started, "Job is already running: " + job.title()};
}

std::string names_of(const std::vector<EventPointer>& events) {
  std::string names;
  for (const auto& event : events) names += (names.empty() ? "" : " ") + event->name();
  return names;
}

// What an event brings into a job's environment. PATH, the older word for the path of a socket, is there to be matched:
// as a variable of the job it would hide where programs are.
protocol::Environment job_variables(const HandledEvent& event) {
  auto variables = event.environment();
  if (event.name() == "socket" && variables.contains("SOCKET_PATH")) variables.unset("PATH");
  return variables;
}

bool names_event(const EventExpression& expression, const std::string& event) {
  return std::ranges::any_of(expression.nodes, [&](const ExpressionNode& node) {
    return node.kind == ExpressionNode::Kind::match && node.event == event;
  });
}

} // namespace

JobManager::JobManager(Ports ports, Options options)
    : ports_{ports}, options_{std::move(options)}, tables_{options_.own_environment, options_.inherit_environment} {}

JobManager::~JobManager() = default;

// --- what follows -------------------------------------------------------------------------------------------------

void JobManager::soon(std::function<void()> action) { soon_.push_back(std::move(action)); }

void JobManager::settle() {
  if (settling_) return;
  settling_ = true;
  while (!soon_.empty()) {
    auto action = std::move(soon_.front());
    soon_.pop_front();
    action();
  }
  settling_ = false;
  // A job may be gone while one of its own callbacks is still on the stack.
  if (!gone_.empty()) ports_.clock.later([gone = std::exchange(gone_, {})] {});
  auto names = index_.take_name_changes();
  if (!names.added.empty() || !names.removed.empty()) ports_.events.subscribe(names.added, names.removed);
}

// --- configuration --------------------------------------------------------------------------------------------------

void JobManager::apply(const std::vector<ClassChange>& changes) {
  for (const auto& change : changes) {
    auto* entry = find_class(change.name);
    if (entry == nullptr) {
      if (change.job_class) add_class(change.job_class, {});
    } else if (!entry->instances().empty()) {
      entry->successor = change.job_class;
      if (change.job_class && *change.job_class == *entry->job_class()) entry->successor.reset();
    } else {
      replace(change.name, change.job_class);
    }
  }
  settle();
}

void JobManager::replace(const std::string& name, std::shared_ptr<const JobClass> job_class) {
  auto place = classes_.find(name);
  auto before = place->second->job_class();
  auto held = place->second->start_on().state().reset();
  classes_.erase(place);
  ports_.observer.job_removed(name);
  if (job_class) {
    tell_watchers(*classes_.emplace(name, std::make_unique<ClassEntry>(index_, job_class)).first->second, before.get(),
                  job_class.get());
    put_in_force(*classes_.at(name));
    offer_again(classes_.at(name)->start_on(), std::move(held));
    return;
  }
  for (const auto& event : held) unblock(event, false);
  ClassEntry gone{index_, before};
  tell_watchers(gone, before.get(), nullptr);
}

void JobManager::add_class(std::shared_ptr<const JobClass> job_class, std::vector<EventPointer> held) {
  auto name = job_class->name;
  auto& entry = *classes_.emplace(name, std::make_unique<ClassEntry>(index_, std::move(job_class))).first->second;
  put_in_force(entry);
  tell_watchers(entry, nullptr, entry.job_class().get());
  offer_again(entry.start_on(), std::move(held));
}

void JobManager::put_in_force(ClassEntry& entry) {
  const auto& job_class = entry.job_class();
  protocol::Environment of_class;
  if (!job_class->start_on.empty()) of_class = tables_.of_class_alone(*job_class);
  std::ignore = entry.start_on().set_expression(job_class->start_on, job_class, of_class);
  entry.watched = names_watched_event(*job_class);
  ports_.observer.job_added(entry.name());
}

// The events that a half-true expression held are offered to the one that took its place.
void JobManager::offer_again(Subscriber& subscriber, std::vector<EventPointer> held) {
  for (const auto& event : held) {
    for (const auto& leaf : index_.find(event->name(), event->environment()))
      if (leaf.subscriber == &subscriber) offer(subscriber, leaf.node, event);
    act(subscriber);
    unblock(event, false);
  }
}

ClassEntry* JobManager::find_class(std::string_view name) {
  auto found = classes_.find(std::string{name});
  return found == classes_.end() ? nullptr : found->second.get();
}

Job* JobManager::find_instance(std::string_view job, std::string_view instance) {
  auto* entry = find_class(job);
  if (entry == nullptr) return nullptr;
  auto found = entry->instances().find(instance);
  return found == entry->instances().end() ? nullptr : found->second.get();
}

// --- bridges --------------------------------------------------------------------------------------------------------

std::vector<ClassEntry*> JobManager::watch_conditions(const std::string& event) {
  watched_events_.insert(event);
  std::vector<ClassEntry*> entries;
  for (auto& [name, entry] : classes_) {
    if (!names_event(entry->job_class()->start_on, event) && !names_event(entry->job_class()->stop_on, event)) continue;
    entry->watched = true;
    entries.push_back(entry.get());
  }
  std::ranges::sort(entries, {}, [](const ClassEntry* entry) { return entry->name(); });
  return entries;
}

bool JobManager::names_watched_event(const JobClass& job_class) const {
  return std::ranges::any_of(watched_events_, [&](const std::string& event) {
    return names_event(job_class.start_on, event) || names_event(job_class.stop_on, event);
  });
}

void JobManager::tell_watchers(const ClassEntry& entry, const JobClass* before, const JobClass* after) {
  auto names = [](const JobClass* job_class, const std::string& event) {
    return job_class != nullptr && (names_event(job_class->start_on, event) || names_event(job_class->stop_on, event));
  };
  static const EventExpression none;
  for (const auto& event : watched_events_) {
    if (names(after, event)) ports_.observer.conditions_changed(event, entry.name(), after->start_on, after->stop_on);
    else if (names(before, event)) ports_.observer.conditions_changed(event, entry.name(), none, none);
  }
}

void JobManager::tell_activity(const ClassEntry& entry) {
  if (entry.watched) ports_.observer.activity_changed(entry.name(), entry.instances().size());
}

// --- commands -------------------------------------------------------------------------------------------------------

std::expected<std::string, CommandError> JobManager::instance_name(const ClassEntry& entry,
                                                                   const std::vector<std::string>& environment) const {
  if (auto fault = protocol::environment_fault(environment)) return std::unexpected(invalid(*fault));
  const auto& job_class = *entry.job_class();
  if (job_class.instance.empty()) return "";
  auto all = tables_.of_class(job_class);
  all.merge(protocol::Environment{environment});
  auto name = expand(job_class.instance, all);
  if (name) return *name;
  return std::unexpected(invalid(name.error() + (job_class.usage.empty() ? "" : "\nUsage: " + job_class.usage)));
}

std::expected<Job*, CommandError> JobManager::get_instance(ClassEntry& entry,
                                                           const std::vector<std::string>& environment) {
  auto name = instance_name(entry, environment);
  if (!name) return std::unexpected(name.error());
  auto found = entry.instances().find(*name);
  if (found != entry.instances().end()) return found->second.get();
  return std::unexpected(CommandError{error_name::unknown_instance, "Unknown instance: " + *name});
}

// The command first lets go of what blocked the job before; then the caller may wait.
void JobManager::obey(Job& job, CommandKind kind, bool wait, Reply reply, const std::function<void()>& command) {
  auto keep = job.shared_from_this();
  auto path = job.path();
  command();
  if (wait) {
    job.wait(kind, std::move(reply));
    settle();
  } else {
    settle();
    reply(path);
  }
}

void JobManager::start(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Reply reply) {
  auto name = instance_name(entry, environment);
  if (!name) return reply(std::unexpected(name.error()));
  auto found = entry.instances().find(*name);
  if (found != entry.instances().end() && found->second->machine().is_to_run())
    return reply(std::unexpected(already_started(*found->second)));
  auto gift = StartGift{tables_.of_class(*entry.job_class()), {}};
  gift.environment.merge(protocol::Environment{environment});
  auto& job = found != entry.instances().end() ? *found->second : make_instance(entry, *name);
  obey(job, CommandKind::start, wait, std::move(reply), [&] { job.start(std::move(gift)); });
}

void JobManager::stop(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Reply reply) {
  auto job = get_instance(entry, environment);
  if (!job) return reply(std::unexpected(job.error()));
  if ((*job)->machine().is_to_stop()) return reply(std::unexpected(already_stopped(**job)));
  obey(**job, CommandKind::stop, wait, std::move(reply), [&] { (*job)->stop(protocol::Environment{environment}); });
}

void JobManager::restart(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Reply reply) {
  auto job = get_instance(entry, environment);
  if (!job) return reply(std::unexpected(job.error()));
  if ((*job)->machine().is_to_stop()) return reply(std::unexpected(already_stopped(**job)));
  auto gift = StartGift{tables_.of_class((*job)->job_class()), {}};
  gift.environment.merge(protocol::Environment{environment});
  obey(**job, CommandKind::restart, wait, std::move(reply), [&] { (*job)->restart(std::move(gift)); });
}

void JobManager::start(Job& job, bool wait, Reply reply) {
  if (job.machine().is_to_run()) return reply(std::unexpected(already_started(job)));
  obey(job, CommandKind::start, wait, std::move(reply), [&] { job.start(std::nullopt); });
}

void JobManager::stop(Job& job, bool wait, Reply reply) {
  if (job.machine().is_to_stop()) return reply(std::unexpected(already_stopped(job)));
  obey(job, CommandKind::stop, wait, std::move(reply), [&] { job.stop({}); });
}

void JobManager::restart(Job& job, bool wait, Reply reply) {
  if (job.machine().is_to_stop()) return reply(std::unexpected(already_stopped(job)));
  obey(job, CommandKind::restart, wait, std::move(reply), [&] { job.restart(std::nullopt); });
}

std::expected<void, CommandError> JobManager::reload(Job& job) {
  if (job.reload()) return {};
  return std::unexpected(CommandError{error_name::not_running, "Job is not running: " + job.title()});
}

Job& JobManager::make_instance(ClassEntry& entry, const std::string& name) {
  auto job = std::make_shared<Job>(*this, entry, entry.job_class(), name);
  auto& made = *job;
  entry.instances().emplace(name, std::move(job));
  ++instances_;
  ports_.observer.instance_added(entry.name(), name);
  tell_activity(entry);
  return made;
}

void JobManager::job_gone(Job& job) {
  auto& entry = job.entry();
  for (const auto& event : job.stop_on().state().reset()) unblock(event, false);
  std::ignore = job.stop_on().set_expression({}, nullptr, {});
  auto place = entry.instances().find(job.instance());
  gone_.push_back(std::move(place->second));
  entry.instances().erase(place);
  --instances_;
  tell_activity(entry);
  bool succeeded = entry.instances().empty() && entry.successor;
  if (!succeeded) ports_.observer.instance_removed(entry.name(), job.instance());
  else
    soon([this, name = entry.name()] {
      if (auto* old = find_class(name); old != nullptr && old->instances().empty() && old->successor)
        replace(name, *old->successor);
    });
  if (session_ending_) soon([this] { check_session_end(); });
}

// --- events ---------------------------------------------------------------------------------------------------------

void JobManager::emit(Event event, Origin origin, std::function<void(bool failed)> finished) {
  put_out(std::move(event), origin, std::move(finished));
  settle();
}

void JobManager::put_out(Event event, Origin origin, std::function<void(bool failed)> finished) {
  auto conclude = [this, name = event.name, environment = event.environment,
                   finished = std::move(finished)](bool failed) {
    if (finished) finished(failed);
    ports_.observer.event_emitted(name, environment);
  };
  if (index_.wants(event.name) || ports_.events.wanted_by_others(event.name)) {
    ports_.events.emit(event, origin, [this, conclude](bool failed) {
      conclude(failed);
      settle();
    });
  } else {
    ports_.events.record(event, origin);
    soon([conclude] { conclude(false); });
  }
}

void JobManager::job_event(Job& job, const char* name, protocol::Environment environment, bool wait) {
  std::function<void(bool)> finished;
  if (wait)
    finished = [weak = job.weak_from_this()](bool) {
      if (auto waiting = weak.lock()) waiting->event_finished();
    };
  put_out({.name = name, .environment = std::move(environment), .files = {}}, {}, std::move(finished));
}

void JobManager::finished_elsewhere(const std::string& name, const protocol::Environment& environment) {
  ports_.observer.event_emitted(name, environment);
}

void JobManager::handle(EventId id, Event event) {
  auto handled = std::make_shared<HandledEvent>(id, std::move(event));
  handled->block(); // until it has been offered to all
  auto leaves = index_.find(handled->name(), handled->environment());
  auto order = [](const EventIndex::Leaf& leaf) {
    const auto& subscriber = *static_cast<const Subscriber*>(leaf.subscriber);
    std::string_view instance =
        subscriber.job() != nullptr ? std::string_view{subscriber.job()->instance()} : std::string_view{};
    return std::tuple{std::string_view{subscriber.entry().name()}, subscriber.job() == nullptr, instance, leaf.node};
  };
  std::ranges::sort(leaves, {}, order);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    auto& subscriber = *static_cast<Subscriber*>(leaves[i].subscriber);
    offer(subscriber, leaves[i].node, handled);
    if (i + 1 == leaves.size() || leaves[i + 1].subscriber != leaves[i].subscriber) act(subscriber);
  }
  if (session_ending_ && handled->name() == "session-end") session_event_handled();
  unblock(handled, false);
  settle();
}

void JobManager::offer(Subscriber& subscriber, std::uint32_t leaf, const EventPointer& event) {
  if (subscriber.state().offer(subscriber.expression(), leaf, event)) event->block();
}

void JobManager::act(Subscriber& subscriber) {
  auto events = subscriber.state().events_that_made_it_true(subscriber.expression());
  if (events.empty()) return;
  auto held = subscriber.state().reset();
  if (subscriber.job() != nullptr) act_stop(*subscriber.job(), events);
  else act_start(subscriber.entry(), events);
  for (const auto& event : held) unblock(event, false);
}

void JobManager::act_stop(Job& job, const std::vector<EventPointer>& events) {
  if (job.machine().is_to_stop()) return;
  protocol::Environment environment;
  for (const auto& event : events) environment.merge(event->environment());
  environment.set("UPSTART_STOP_EVENTS", names_of(events));
  for (const auto& event : events) event->note({protocol::job_operation::stop, job.job_class().name, job.instance()});
  // Blocked before the goal changes: a job that stops at once lets go of them again.
  job.stop_because_of(events, std::move(environment));
}

void JobManager::act_start(ClassEntry& entry, const std::vector<EventPointer>& events) {
  const auto& job_class = *entry.job_class();
  StartGift gift{tables_.of_class(job_class), {}};
  for (const auto& event : events) {
    gift.environment.merge(job_variables(*event));
    gift.files.insert(gift.files.end(), event->files().begin(), event->files().end());
  }
  gift.environment.set("UPSTART_EVENTS", names_of(events));
  if (job_class.positional_parameters) {
    gift.environment.set("UPSTART_EVENT", events.front()->name());
    for (const auto& event : events)
      for (const auto& variable : event->environment().strings())
        gift.parameters.emplace_back(protocol::value_of(variable));
  }
  auto name = expand(job_class.instance, gift.environment);
  if (!name) return spdlog::warn("Failed to obtain {} instance: {}", job_class.name, name.error());
  auto found = entry.instances().find(*name);
  if (found != entry.instances().end() && found->second->machine().is_to_run()) return;
  auto& job = found != entry.instances().end() ? *found->second : make_instance(entry, *name);
  for (const auto& event : events) event->note({protocol::job_operation::start, job.job_class().name, job.instance()});
  job.start_because_of(events, std::move(gift));
}

void JobManager::unblock(const EventPointer& event, bool failed) {
  if (!event->unblock(failed)) return;
  soon([this, event] { ports_.events.finished(event->id(), event->failed(), event->done()); });
}

} // namespace upstart::supervisor
