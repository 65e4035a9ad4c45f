#include "daemons/job-supervisor/jobs/decisions/class-changes.hpp"

#include "daemons/job-supervisor/jobs/core/socket-offers.hpp"

namespace upstart::supervisor {

void ClassChanges::apply(const std::vector<ClassChange>& changes) {
  for (const auto& change : changes) {
    auto* entry = core_.classes.find(change.name);
    if (entry == nullptr) {
      if (change.job_class) add(change.job_class);
    } else if (change.job_class && *change.job_class == *entry->job_class()) {
      entry->successor.reset();
    } else if (!entry->instances().empty()) {
      entry->successor = change.job_class;
    } else {
      replace(*entry, change.job_class);
    }
  }
  tell_bridges();
}

void ClassChanges::replace_by_successor(const std::string& name) {
  auto* entry = core_.classes.find(name);
  if (entry != nullptr && entry->instances().empty() && entry->successor) replace(*entry, *entry->successor);
  tell_bridges();
}

void ClassChanges::tell_bridges() {
  if (demand_.take_change()) core_.tell(notice::BridgesWanted{demand_.wanted()});
}

void ClassChanges::add(std::shared_ptr<const JobClass> job_class) {
  auto& entry = put_in_force(std::move(job_class));
  watch_.tell_change(entry.name(), nullptr, entry.job_class().get());
}

void ClassChanges::replace(ClassEntry& entry, std::shared_ptr<const JobClass> job_class) {
  auto before = entry.job_class();
  auto held = entry.start_on().state().reset();
  core_.classes.remove(before->name);
  demand_.remove(*before);
  core_.tell(notice::JobRemoved{before->name});
  watch_.tell_change(before->name, before.get(), job_class.get());
  if (job_class) {
    auto& now = put_in_force(std::move(job_class));
    if (!now.watched) SocketOffers{core_}.drop(now.name());
    matching_.offer_again(now.start_on(), held);
  } else {
    SocketOffers{core_}.drop(before->name);
    for (auto event : held) core_.release(event, false);
  }
}

ClassEntry& ClassChanges::put_in_force(std::shared_ptr<const JobClass> job_class) {
  auto& entry = add_entry(std::move(job_class));
  core_.tell(notice::JobAdded{entry.name()});
  return entry;
}

ClassEntry& ClassChanges::restore(std::shared_ptr<const JobClass> job_class) { return add_entry(std::move(job_class)); }

ClassEntry& ClassChanges::add_entry(std::shared_ptr<const JobClass> job_class) {
  auto& entry = core_.classes.add(core_.index, std::move(job_class));
  demand_.add(*entry.job_class());
  const auto& start_on = entry.job_class()->start_on;
  protocol::Environment of_class;
  if (!start_on.empty()) of_class = core_.environments.of_class_alone(*entry.job_class());
  entry.start_on().expand(start_on, of_class);
  watch_.mark(entry);
  return entry;
}

} // namespace upstart::supervisor
