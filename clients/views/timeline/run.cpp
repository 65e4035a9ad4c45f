#include "clients/views/timeline/run.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

namespace upstart::client {

namespace {

std::string title_of(const std::string& job, const std::string& instance) {
  return instance.empty() ? job : std::format("{} ({})", job, instance);
}

} // namespace

std::string Run::title() const { return title_of(job, instance); }

std::string title(const RunCause& cause) {
  return cause.job.empty() ? cause.name : std::format("{} {}", cause.name, title_of(cause.job, cause.instance));
}

std::optional<Time> Run::at(std::string_view state) const {
  auto found = std::ranges::find(moments, state, &Moment::state);
  if (found == moments.end()) return std::nullopt;
  return found->time;
}

std::optional<Time> Run::end() const {
  auto stopped = at("waiting");
  return stopped ? stopped : ended_unstopped;
}

std::optional<Time> Run::up() const { return at(is_task ? "waiting" : "running"); }

std::optional<Time> Run::emitted(std::string_view life_event) const {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> states{
      {{"starting", "starting"}, {"started", "running"}, {"stopping", "stopping"}, {"stopped", "waiting"}}};
  auto found = std::ranges::find(states, life_event, [](const auto& entry) { return entry.first; });
  return found == states.end() ? std::nullopt : at(found->second);
}

Time Run::time_in(std::string_view state, Time now) const {
  auto found = std::ranges::find(moments, state, &Moment::state);
  if (found == moments.end() || state == "waiting") return Time{0};
  auto next = std::next(found);
  return (next == moments.end() ? end().value_or(now) : next->time) - found->time;
}

Time Run::took(Time now) const { return up().value_or(end().value_or(now)) - begin(); }

const RunCause* Run::last_cause() const {
  auto last = std::ranges::max_element(causes, {}, &RunCause::event);
  return last == causes.end() ? nullptr : &*last;
}

void end_runs(Timeline& timeline) {
  constexpr std::array<std::string_view, 3> ending{"stopping", "killed", "post-stop"};
  std::map<std::pair<std::string_view, std::string_view>, Run*>
      next_of_instance; // of the runs that were seen, the first
  std::map<std::string_view, Run*> next_of_job;
  std::set<const Run*> have_next;
  for (Run& run : timeline.runs | std::views::reverse) {
    Run*& of_instance = next_of_instance[{run.job, run.instance}];
    Run*& of_job = next_of_job[run.job];
    if (const Run* next = of_instance) {
      have_next.insert(&run);
      bool is_present = !have_next.contains(next) && !next->at("waiting");
      bool is_known = is_present && of_job == next; // no other may have been between
      bool is_told = !is_known && std::ranges::contains(ending, run.state());
      if (!run.at("waiting")) run.ended_unstopped = is_told ? run.moments.back().time : next->begin();
    }
    of_instance = of_job = &run;
  }
}

Window boot_of(const Timeline& timeline) {
  std::vector<Time> times;
  for (const auto& run : timeline.runs)
    for (const auto& moment : run.moments) times.push_back(moment.time);
  if (times.empty()) return {.from = Time{0}, .to = timeline.now};
  std::ranges::sort(times);
  Window window{.from = times.front() > quiet_time ? times.front() : Time{0}, .to = times.front()};
  for (auto time : times) {
    if (time - window.to > quiet_time) break;
    window.to = time;
  }
  return window;
}

Window all_of(const Timeline& timeline) { return {.from = Time{0}, .to = timeline.now}; }

Timeline within(const Window& window, const Timeline& timeline) {
  Timeline part{.now = timeline.now};
  std::ranges::copy_if(timeline.runs, std::back_inserter(part.runs),
                       [&](const Run& run) { return window.contains(run.begin()); });
  return part;
}

std::string shown(Time time) {
  auto us = time.count();
  if (us < 1000) return std::format("{}us", us);
  if (us < 10'000) return std::format("{:.1f}ms", static_cast<double>(us) / 1e3);
  if (us < 1'000'000) return std::format("{}ms", us / 1000);
  if (us < 60'000'000) return std::format("{:.3f}s", static_cast<double>(us) / 1e6);
  return std::format("{}min {:.1f}s", us / 60'000'000, static_cast<double>(us % 60'000'000) / 1e6);
}

} // namespace upstart::client
