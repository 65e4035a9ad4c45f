#include "daemons/job-supervisor/jobs/core/core.hpp"

namespace upstart::supervisor {

void Core::release(EventId event, bool failed) {
  auto last = events.unblock(event, failed);
  if (!last) return;
  finished.add(event, {.failed = last->failed, .actions = last->actions});
  add_work(work::EventReleased{event, last->failed, std::move(last->actions)});
}

void Core::emit(Emission emission) {
  for (std::size_t i = 0; i < emission.event.files.size(); ++i) emission.files.push_back(events.next_file());
  add_work(work::Emitted{emissions.add(std::move(emission))});
}

void Core::update_subscription() {
  auto names = index.take_name_changes();
  if (names.added.empty() && names.removed.empty()) return;
  ports.events.subscribe(names.added, names.removed);
}

void Core::set_kill_timer(Job& job, std::chrono::milliseconds after) {
  job.kill_timer() =
      ports.clock.after(after, [&inputs = world.inputs, id = job.id()] { inputs.take(id, input::KillTimeout{}); });
}

void Core::tell_activity(const ClassEntry& entry) {
  if (entry.watched) tell(notice::ActivityChanged{entry.name(), entry.instances().size()});
}

// What happens all the time is not written down for its own sake: it goes along with what is.
void Core::note(ClassEntry& entry, RecordKind kind, const std::string& instance, std::string text) {
  entry.records.add(kind, instance, recent_texts.share(std::move(text)));
  bool is_usual = kind == RecordKind::started || kind == RecordKind::stopped || kind == RecordKind::done;
  if (!is_usual) classes.mark_facts(entry.name());
}

} // namespace upstart::supervisor
