#include "daemons/job-supervisor/process/adoption/spawn-search.hpp"

#include <algorithm>
#include <optional>
#include <unistd.h>
#include <utility>

namespace upstart::supervisor {

bool may_be_a_child_before_exec(pid_t pid) {
  static const std::string own_name = process_file(::getpid(), "comm");
  return !own_name.empty() && process_file(pid, "comm") == own_name;
}

bool may_be_in_exec(const ProcessFacts& process) {
  return !process.ended() && !process.ending && process_file(process.pid, "cmdline").empty() &&
         process_file(process.pid, "environ").empty();
}

namespace {

bool may_be_started(std::uint64_t ticks, const SpawnSearch& search) {
  return ticks >= search.since && ticks <= search.until;
}

enum class Match { no, yes, before_exec, unknown };

// What is spawned leads a session; other processes of the job that do so were started by those that are known.
Match match(const ProcessFacts& facts, const SpawnSearch& search) {
  if (!may_be_started(facts.started, search)) return Match::no;
  // Its environment cannot be read any more; init is about to tell of it.
  if (facts.ended()) return facts.session == facts.pid ? Match::unknown : Match::no;
  if (may_be_a_child_before_exec(facts.pid)) return Match::before_exec;
  if (facts.session != facts.pid) return Match::no;
  switch (environment_has(facts.pid, search.marks)) {
  case HasEnvironment::no: return Match::no;
  case HasEnvironment::yes: return Match::yes;
  case HasEnvironment::unknown: return Match::unknown;
  }
  return Match::no;
}

} // namespace

SearchOutcome look_for(const SpawnSearch& search, const Children& children) {
  // The first of all is the one: what it has started itself came later.
  std::optional<ProcessId> first;
  bool has_gone = false, executes_soon = false, unknown = false;
  auto consider = [&](pid_t pid, std::uint64_t started, bool has_ended) {
    if (first && std::pair{first->earliest, first->pid} < std::pair{started, pid}) return;
    first = {pid, started, started};
    has_gone = has_ended;
  };
  for (pid_t pid : children.orphans()) {
    auto facts = facts_of(pid);
    if (!facts) continue;
    auto matches = match(*facts, search);
    executes_soon |= matches == Match::before_exec;
    unknown |= matches == Match::unknown;
    if (matches == Match::yes) consider(facts->pid, facts->started, false);
  }
  for (const auto& exit : children.told_exits())
    if (may_be_started(exit.start_ticks, search) && exit.session == exit.pid && !children.is_watched(exit))
      consider(exit.pid, exit.start_ticks, true);
  using enum SearchOutcome::Kind;
  if (first) return {has_gone ? ended : found, *first};
  return {executes_soon ? before_exec : unknown ? undecided : never_started, {}};
}

SearchOutcome look_for_before_exec(const SpawnSearch& search, const Children& children) {
  bool executes_soon = std::ranges::any_of(children.orphans(), [&](pid_t pid) {
    auto facts = facts_of(pid);
    return facts && !facts->ended() && may_be_started(facts->started, search) && may_be_a_child_before_exec(pid);
  });
  return {executes_soon ? SearchOutcome::Kind::before_exec : SearchOutcome::Kind::never_started, {}};
}

} // namespace upstart::supervisor
