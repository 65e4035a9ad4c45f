#include "daemons/job-supervisor/process/groups/job-members.hpp"

#include "daemons/job-supervisor/process/groups/job-group.hpp"

#include <algorithm>

namespace upstart::supervisor {

void JobMembers::write(base::ByteWriter& out) const {
  out.text(group);
  out.texts(marks);
  out.list(sessions, [&](pid_t session) { out.number(session); });
  out.number(since);
}

JobMembers JobMembers::read(base::ByteReader& in) {
  return {.group = in.text(),
          .marks = in.texts(),
          .sessions = in.list([&] { return in.number<pid_t>(); }),
          .since = in.number()};
}

namespace {

// That of another instance: one of these variables is there with another value.
bool bears_marks_of_another(pid_t pid, const std::vector<std::string>& marks) {
  return std::ranges::any_of(marks, [&](const std::string& mark) {
    std::size_t equals = mark.find('=');
    auto value = environment_value(pid, mark.substr(0, equals));
    return value && *value != mark.substr(equals + 1);
  });
}

} // namespace

// A session that has ended leaves its number, and another job's process may get that.
Membership membership_of(const ProcessFacts& orphan, const JobMembers& members) {
  if (orphan.started < members.since) return Membership::stranger;
  if (std::ranges::contains(members.sessions, orphan.session) && !bears_marks_of_another(orphan.pid, members.marks))
    return Membership::member;
  if (members.marks.empty() || orphan.ended()) return Membership::stranger;
  switch (environment_has(orphan.pid, members.marks)) {
  case HasEnvironment::no: return Membership::stranger;
  case HasEnvironment::yes: return Membership::member;
  case HasEnvironment::unknown: return Membership::unknown;
  }
  return Membership::stranger;
}

namespace {

constexpr int most_looks = 100;

std::vector<pid_t> candidates(const JobMembers& members, const Children& children) {
  if (members.group.empty()) return children.orphans();
  auto pids = members_of(members.group);
  std::erase_if(pids, [&](pid_t pid) { return children.is_watched(pid); });
  return pids;
}

// Who is in the group belongs to the instance; but only the supervisor's children are orphans. The child of a process
// in the middle of its exit is about to become one.
Membership membership_in_group(const ProcessFacts& facts, const JobMembers& members, const Children& children) {
  if (facts.started < members.since) return Membership::stranger;
  if (children.takes_orphans(facts.parent)) return Membership::member;
  auto parent = facts_of(facts.parent);
  return parent && !parent->ended() && !parent->ending ? Membership::stranger : Membership::unknown;
}

Membership membership_of_candidate(const ProcessFacts& facts, const JobMembers& members, const Children& children) {
  if (!members.group.empty()) return membership_in_group(facts, members, children);
  return children.takes_orphans(facts.parent) ? membership_of(facts, members) : Membership::stranger;
}

Orphans orphans_among(const std::vector<pid_t>& pids, const JobMembers& members, const Children& children) {
  Orphans orphans;
  for (pid_t pid : pids) {
    auto facts = facts_of(pid);
    if (!facts) continue;
    Membership membership = membership_of_candidate(*facts, members, children);
    if (membership == Membership::member) orphans.found.push_back(*facts);
    if (membership == Membership::unknown) orphans.complete = false;
  }
  return orphans;
}

} // namespace

// One may fork and end between the look at the list and the look at it: what was seen is believed only when two lists
// agree.
Orphans orphans_of(const JobMembers& members, const Children& children) {
  auto pids = candidates(members, children);
  for (int look = 0;; ++look) {
    auto orphans = orphans_among(pids, members, children);
    auto again = candidates(members, children);
    if (again == pids || look == most_looks) return orphans;
    pids = std::move(again);
  }
}

Orphans orphans_that_may_come_from(pid_t process, const JobMembers& members, const Children& children) {
  auto orphans = orphans_of(members, children);
  std::erase_if(orphans.found, [&](const ProcessFacts& orphan) {
    return orphan.session != process && std::ranges::contains(members.sessions, orphan.session);
  });
  return orphans;
}

} // namespace upstart::supervisor
