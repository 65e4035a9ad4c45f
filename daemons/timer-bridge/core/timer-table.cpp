#include "daemons/timer-bridge/core/timer-table.hpp"

#include "daemons/base/bytes.hpp"
#include "daemons/bridge/conditions/variables.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::timer_bridge {

namespace {

using namespace std::chrono;

constexpr std::string_view timer_key = "timer ";
constexpr std::string_view boot_key = "boot", last_event_key = "event";
constexpr hours clock_was_wrong{24}; // a last time that is farther ahead than this comes from a clock that was wrong
constexpr unsigned most_missed = 10'000;

std::string number_as_bytes(std::uint64_t number) {
  std::string bytes;
  base::ByteWriter{bytes}.number(number);
  return bytes;
}

WallTime whole(PreciseTime time) { return floor<seconds>(time); }

} // namespace

TimerTable::TimerTable(bridge::Memory& memory, const Records& records, std::string boot, LastTimes last, Zones zones)
    : memory_{memory}, boot_{std::move(boot)}, last_times_{std::move(last)}, zones_{std::move(zones)} {
  auto known = records.find(boot_key);
  std::vector<std::string> obsolete;
  bool same_boot = known != records.end() && known->second == boot_;
  for (const auto& [key, bytes] : records) {
    if (same_boot && key.starts_with(timer_key)) records_.emplace(key.substr(timer_key.size()), bytes);
    else if (same_boot && key == last_event_key) last_event_ = base::ByteReader{bytes}.number();
    else if (key != boot_key) obsolete.push_back(key);
  }
  for (const auto& key : obsolete) memory_.erase(key);
  if (!same_boot) memory_.put(boot_key, boot_);
}

// --- what jobs ask for ----------------------------------------------------------------------------------------------

std::vector<bridge::ConditionWarning> TimerTable::jobs_changed(const bridge::ConditionsUpdate& update, Now now) {
  std::vector<bridge::ConditionWarning> warnings;
  for (const auto& job : update.gone) drop(job);
  for (const auto& [job, matches] : update.changed) {
    std::map<std::string, TimerCondition> conditions;
    for (const auto& match : matches) {
      if (auto condition = parse_condition(match.arguments))
        conditions.emplace(text_of(condition->variables), *condition);
      else warnings.push_back(bridge::describe(condition.error(), job, match, "this timer does not run"));
    }
    for (const auto& [_, condition] : conditions) add(job, condition, now);
    auto before = of_job_[job];
    for (const auto& key : before)
      if (!conditions.contains(key)) {
        timers_.at(key).jobs.erase(job);
        of_job_[job].erase(key);
      }
  }
  std::erase_if(timers_, [this](const auto& entry) {
    if (!entry.second.jobs.empty()) return false;
    memory_.erase(std::string{timer_key} + entry.first);
    last_times_.erase(entry.first);
    new_after_.erase(entry.first);
    return true;
  });
  if (std::exchange(first_update_, false)) {
    for (const auto& [key, _] : std::exchange(records_, {})) memory_.erase(std::string{timer_key} + key);
    std::erase_if(last_times_, [this](const auto& entry) { return !timers_.contains(entry.first); });
  }
  return warnings;
}

void TimerTable::drop(const std::string& job) {
  for (const auto& key : std::exchange(of_job_[job], {})) timers_.at(key).jobs.erase(job);
  of_job_.erase(job);
}

void TimerTable::add(const std::string& job, const TimerCondition& condition, Now now) {
  auto key = text_of(condition.variables);
  auto [place, is_new] = timers_.try_emplace(key);
  auto& timer = place->second;
  timer.jobs.insert(job);
  of_job_[job].insert(key);
  if (!is_new) return;
  timer.condition = condition;
  timer.zone = zones_(condition.zone);
  begin(key, timer, now);
}

// A timer is new, or goes on from what the bridge before has remembered of it.
void TimerTable::begin(const std::string& key, Timer& timer, Now now) {
  auto record = records_.extract(key);
  if (record) take_up(key, timer, record.mapped());
  else if (timer.condition.kind == Kind::every) timer.base = now.monotonic;
  else if (timer.condition.kind == Kind::after) new_after_.insert(key);
  choose_jitter(timer);
  if (timer.condition.kind == Kind::calendar) {
    auto last = last_times_.find(key);
    if (last == last_times_.end() || last->second > now.wall + clock_was_wrong) remember_last(key, whole(now.wall));
    find_next(key, timer, now);
  }
  if (!record) remember(key, timer);
}

void TimerTable::take_up(const std::string& key, Timer& timer, const std::string& bytes) {
  base::ByteReader reader{bytes};
  timer.base = Milliseconds{reader.number<std::int64_t>()};
  timer.passed = reader.number();
  timer.missed = static_cast<unsigned>(reader.number());
  if (auto last = reader.number<std::int64_t>(); last != 0) timer.last = PreciseTime{Milliseconds{last}};
  if (auto time = WallTime{seconds{reader.number<std::int64_t>()}}; time != WallTime{}) last_times_[key] = time;
  timer.pending = reader.list([&] {
    auto event = reader.number();
    return Pending{event, Milliseconds{reader.number<std::int64_t>()}};
  });
  if (reader.truth()) new_after_.insert(key); // the bridge before did not live until it knew
}

void TimerTable::remember(const std::string& key, const Timer& timer) {
  std::string bytes;
  base::ByteWriter writer{bytes};
  writer.number(timer.base.count());
  writer.number(timer.passed);
  writer.number(timer.missed);
  writer.number(timer.last ? timer.last->time_since_epoch().count() : 0);
  auto time = last_times_.find(key);
  writer.number(time == last_times_.end() ? 0 : time->second.time_since_epoch().count());
  writer.list(timer.pending, [&](const Pending& pending) {
    writer.number(pending.event);
    writer.number(pending.due.count());
  });
  writer.truth(new_after_.contains(key)); // at the end: where it is missing, it is not so
  memory_.put(std::string{timer_key} + key, std::move(bytes));
}

void TimerTable::remember_last(const std::string& key, WallTime time) { last_times_.insert_or_assign(key, time); }

// --- what is due ----------------------------------------------------------------------------------------------------

void TimerTable::choose_jitter(Timer& timer) {
  auto most = duration_cast<Milliseconds>(timer.condition.jitter).count();
  timer.jitter = Milliseconds{most > 0 ? std::uniform_int_distribution<std::int64_t>{0, most}(random_) : 0};
}

std::optional<Milliseconds> TimerTable::monotonic_due(const Timer& timer) {
  if (timer.condition.kind == Kind::every)
    return timer.base + timer.condition.every * static_cast<std::int64_t>(timer.passed + 1) + timer.jitter;
  if (timer.condition.kind == Kind::calendar || timer.pending.empty()) return std::nullopt;
  return std::ranges::min(timer.pending, {}, &Pending::due).due;
}

// After the last time; where the clock was set back that far that this cannot be, after now.
void TimerTable::find_next(const std::string& key, Timer& timer, Now now) {
  if (last_times_.at(key) > now.wall + clock_was_wrong) remember_last(key, whole(now.wall));
  timer.next = next(timer.condition.calendar, last_times_.at(key), *timer.zone);
}

std::optional<PreciseTime> TimerTable::due(Now now) const {
  std::optional<PreciseTime> first;
  for (const auto& [_, timer] : timers_) {
    std::optional<PreciseTime> time = timer.next;
    if (auto monotonic = monotonic_due(timer)) time = now.wall + (*monotonic - now.monotonic);
    if (time && (!first || *time < *first)) first = time;
  }
  return first;
}

void TimerTable::time_reached(Now now) {
  for (auto& [key, timer] : timers_) {
    if (auto monotonic = monotonic_due(timer); monotonic && *monotonic <= now.monotonic) {
      timer.condition.kind == Kind::every ? pass_every(timer, now) : pass_after(timer, now);
      remember(key, timer);
    } else if (timer.condition.kind == Kind::calendar) {
      find_next(key, timer, now);
      if (timer.next && *timer.next <= now.wall) pass_calendar(key, timer, now);
    }
  }
}

void TimerTable::pass_every(Timer& timer, Now now) {
  auto since = now.monotonic - timer.base - timer.jitter;
  auto times = static_cast<std::uint64_t>(since / duration_cast<Milliseconds>(timer.condition.every));
  auto missed = static_cast<unsigned>(times - timer.passed - 1);
  timer.passed = times;
  auto time = now.wall - (since % duration_cast<Milliseconds>(timer.condition.every));
  choose_jitter(timer);
  emit(timer, whole(time), missed, now);
}

// All that have passed are one event; those that were not told in time are missed.
void TimerTable::pass_calendar(const std::string& key, Timer& timer, Now now) {
  auto last = *timer.next;
  unsigned missed = 0;
  bool in_time = false;
  for (auto time = timer.next; time && *time <= now.wall; time = next(timer.condition.calendar, *time, *timer.zone)) {
    last = *time;
    in_time = now.wall - *time <= grace;
    if (!in_time && ++missed >= most_missed) { // it is not worth counting
      last = whole(now.wall);
      break;
    }
  }
  remember_last(key, last);
  find_next(key, timer, now);
  if (in_time || timer.condition.catch_up) emit(timer, last, timer.condition.catch_up ? missed : 0, now);
  remember(key, timer);
}

void TimerTable::pass_after(Timer& timer, Now now) {
  auto pending = std::exchange(timer.pending, {});
  std::ranges::sort(pending, {}, &Pending::due);
  for (const auto& one : pending) {
    if (one.due > now.monotonic) timer.pending.push_back(one);
    else emit(timer, whole(now.wall - (now.monotonic - one.due)), 0, now);
  }
}

void TimerTable::emit(Timer& timer, WallTime time, unsigned missed, Now now) {
  auto environment = timer.condition.variables;
  environment.set("TIME", iso_8601(time, *timer.zone));
  environment.set("MISSED", std::to_string(missed));
  timer.last = now.wall;
  timer.missed = missed;
  memory_.emit(event_name, std::move(environment));
}

// --- events that timers wait for ------------------------------------------------------------------------------------

std::set<std::string> TimerTable::events() const {
  std::set<std::string> names;
  for (const auto& [_, timer] : timers_)
    if (timer.condition.kind == Kind::after) names.insert(timer.condition.after);
  return names;
}

void TimerTable::event_seen(const SeenEvent& event, Now now) {
  if (event.id <= last_event_) return;
  last_event_ = event.id;
  memory_.put(last_event_key, number_as_bytes(last_event_));
  for (auto& [key, timer] : timers_) {
    if (timer.condition.kind != Kind::after || timer.condition.after != event.name) continue;
    if (std::ranges::contains(timer.pending, event.id, &Pending::event)) continue;
    timer.pending.push_back({event.id, now.monotonic + timer.condition.every});
    remember(key, timer);
  }
}

void TimerTable::events_before(const std::vector<SeenEvent>& events, Now now) {
  for (const auto& key : std::exchange(new_after_, {})) {
    auto& timer = timers_.at(key);
    for (const auto& event : events) {
      auto left = event.time + timer.condition.every - now.wall;
      if (event.name != timer.condition.after || left <= Milliseconds{0}) continue;
      if (std::ranges::contains(timer.pending, event.id, &Pending::event)) continue;
      timer.pending.push_back({event.id, now.monotonic + left});
    }
    remember(key, timer);
  }
}

std::vector<TimerReport> TimerTable::report(Now now) const {
  std::vector<TimerReport> result;
  for (const auto& [key, timer] : timers_) {
    TimerReport report{.condition = key,
                       .jobs = {timer.jobs.begin(), timer.jobs.end()},
                       .next = timer.next,
                       .last = timer.last,
                       .missed = timer.missed};
    if (auto monotonic = monotonic_due(timer)) report.next = now.wall + (*monotonic - now.monotonic);
    result.push_back(std::move(report));
  }
  return result;
}

} // namespace upstart::timer_bridge
