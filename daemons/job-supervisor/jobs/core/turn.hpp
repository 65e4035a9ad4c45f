// One turn of the loop. What happens comes in as work, is worked off in order and changes the tables at once; what is
// to leave the supervisor is kept as values, and carried out in order when no work is left or much has gathered
// (jobs.cpp). So no two things happen at once, and the changes that an outgoing value rests on are made before anybody
// hears of it.
#pragma once

#include "daemons/job-supervisor/jobs/tables/job.hpp"
#include "daemons/job-supervisor/jobs/values/command.hpp"

#include <deque>
#include <memory>
#include <variant>
#include <vector>

namespace upstart::supervisor {

namespace work {

// Something happens to a job.
struct ForJob {
  JobId job;
  Input input;
};
// An event was emitted: does anybody want it?
struct Emitted {
  EmissionId id;
};
struct EmissionFinished {
  EmissionId id;
  bool failed;
};
// Nobody blocks a handled event any more. In its turn, so that what a job emitted before the release leaves before.
struct EventReleased {
  EventId id;
  bool failed;
  std::vector<protocol::JobAction> actions;
};
// The last instance of a class has gone, and another class waits to take its place.
struct ReplaceClass {
  std::string name;
};
// The event session-end has finished.
struct SessionEventFinished {};
// A job has gone while the session ends: has it ended?
struct CheckSessionEnd {};

} // namespace work

using Work = std::variant<work::ForJob, work::Emitted, work::EmissionFinished, work::EventReleased, work::ReplaceClass,
                          work::SessionEventFinished, work::CheckSessionEnd>;

namespace outgoing {

struct Tell {
  Notice notice;
};
struct Emit {
  EmissionId id;
  Event event;
  Origin origin;
};
struct Record {
  Event event;
  Origin origin;
};
struct Finish {
  EventId id;
  bool failed;
  std::vector<protocol::JobAction> actions;
};
struct Answer {
  CallerId caller;
  Outcome outcome;
};
// What a job does to its processes and its timer. The job is there until the turn has ended, even if it has gone.
struct OfJob {
  Job* job;
  Effect effect;
};
struct Write {
  Severity severity;
  std::string text;
};

} // namespace outgoing

using Outgoing = std::variant<outgoing::Tell, outgoing::Emit, outgoing::Record, outgoing::Finish, outgoing::Answer,
                              outgoing::OfJob, outgoing::Write>;

struct Turn {
  std::deque<Work> work;
  std::vector<Outgoing> outgoing;
  std::vector<Outgoing> leaving;          // what is being carried out,
  std::size_t left = 0;                   // and how many of them have been
  std::vector<std::unique_ptr<Job>> gone; // instances that have been removed in this turn

  [[nodiscard]] bool is_leaving() const { return left < leaving.size(); }
};

} // namespace upstart::supervisor
