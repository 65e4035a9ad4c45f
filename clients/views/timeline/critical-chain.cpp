#include "clients/views/timeline/critical-chain.hpp"

#include <algorithm>

namespace upstart::client {

namespace {

// What holds up starting for less than this is not waited for.
constexpr Time negligible = std::chrono::microseconds{500};

class ChainSearch {
public:
  ChainSearch(const Timeline& timeline, const Emitters& emitters) : timeline_{timeline}, emitters_{emitters} {}

  std::vector<ChainLink> from(const Run& last) {
    auto up = last.up().value_or(last.end().value_or(timeline_.now));
    add(last, up, "");
    return std::move(chain_);
  }

private:
  // The run, which let go on at that time whoever waited for it, and what it waited for itself.
  void add(const Run& run, Time at, std::string through) {
    if (!seen_.insert(&run).second) return;
    auto took = at - run.begin();
    if (const auto* blocker = blocker_of(run)) {
      auto done = *blocker->up();
      chain_.push_back({.run = &run, .at = at, .took = at - done, .through = std::move(through)});
      seen_.insert(blocker);
      chain_.push_back({.run = blocker, .at = done, .took = done - run.begin(), .through = "starting " + run.title()});
    } else {
      chain_.push_back({.run = &run, .at = at, .took = took, .through = std::move(through)});
    }
    add_cause(run);
  }

  void add_cause(const Run& run) {
    const auto* cause = run.last_cause();
    if (cause == nullptr) return;
    if (auto [source, time] = source_of(*cause, run.begin()); source != nullptr)
      return add(*source, time, title(*cause));
    if (const auto* emitter = emitter_of(*cause, run.begin())) return add(*emitter, run.begin(), title(*cause));
    chain_.push_back({.event = title(*cause), .at = run.begin(), .through = title(*cause)});
  }

  // Of the jobs that were started by this one's starting event, and so held it up, the one that was done last.
  [[nodiscard]] const Run* blocker_of(const Run& run) const {
    if (run.time_in("starting", timeline_.now) < negligible) return nullptr;
    auto went_on = run.begin() + run.time_in("starting", timeline_.now);
    const Run* last = nullptr;
    for (const auto& other : timeline_.runs) {
      auto up = other.up();
      bool is_due_to_it = std::ranges::any_of(other.causes, [&](const RunCause& cause) {
        return cause.name == "starting" && cause.job == run.job && cause.instance == run.instance;
      });
      if (!is_due_to_it || !up || *up < run.begin() || *up > went_on + negligible) continue;
      if (last == nullptr || *last->up() < *up) last = &other;
    }
    return last != nullptr && !seen_.contains(last) ? last : nullptr;
  }

  // The run that emitted an event of a job's life, and when: the latest before that time.
  [[nodiscard]] std::pair<const Run*, Time> source_of(const RunCause& cause, Time before) const {
    std::pair<const Run*, Time> found{nullptr, Time{0}};
    if (cause.job.empty()) return found;
    for (const auto& run : timeline_.runs) {
      auto time = run.emitted(cause.name);
      if (run.job != cause.job || run.instance != cause.instance || !time || *time > before) continue;
      if (found.first == nullptr || found.second < *time) found = {&run, *time};
    }
    return found;
  }

  // The one run that can have emitted it, since its job says that it emits this event and was there at that time.
  [[nodiscard]] const Run* emitter_of(const RunCause& cause, Time time) const {
    auto jobs = emitters_.find(cause.name);
    if (jobs == emitters_.end()) return nullptr;
    const Run* found = nullptr;
    for (const auto& run : timeline_.runs) {
      bool was_there = run.begin() <= time && run.end().value_or(timeline_.now) >= time;
      if (!jobs->second.contains(run.job) || !was_there) continue;
      if (found != nullptr) return nullptr;
      found = &run;
    }
    return found;
  }

  const Timeline& timeline_;
  const Emitters& emitters_;
  std::vector<ChainLink> chain_;
  std::set<const Run*> seen_;
};

} // namespace

std::vector<ChainLink> critical_chain(const Timeline& timeline, const Run& last, const Emitters& emitters) {
  return ChainSearch{timeline, emitters}.from(last);
}

const Run* last_up(const Timeline& timeline) {
  const Run* last = nullptr;
  for (const auto& run : timeline.runs)
    if (run.up() && (last == nullptr || *last->up() < *run.up())) last = &run;
  return last;
}

const Run* first_run_of(const Timeline& timeline, std::string_view job) {
  auto found = std::ranges::find(timeline.runs, job, &Run::job);
  return found == timeline.runs.end() ? nullptr : &*found;
}

} // namespace upstart::client
