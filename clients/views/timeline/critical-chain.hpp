// The critical chain: why a job was not up earlier. Told from its end: the job, what it waited for, what that waited
// for, back to an event that no job has emitted, or to a command. Pure.
#pragma once

#include "clients/views/timeline/run.hpp"

#include <map>
#include <set>

namespace upstart::client {

// One link: a run of a job, or (run is nothing) the event at which the chain begins.
struct ChainLink {
  const Run* run = nullptr; // of the timeline
  std::string event = {};   // where there is no run
  Time at{0};               // when it let the one before it in this list go on; of the first: when it was up
  Time took{0};             // how long it was at it until then; 0 for an event
  std::string through = {}; // the event by which it did: "started db"; empty for the first
};

// Which jobs say that they emit an event (stanza emits), by its name.
using Emitters = std::map<std::string, std::set<std::string>>;

[[nodiscard]] std::vector<ChainLink> critical_chain(const Timeline& timeline, const Run& last,
                                                    const Emitters& emitters);

// The run that was up last; nothing where none was.
[[nodiscard]] const Run* last_up(const Timeline& timeline);
// The first run of this job (of any instance of it); nothing where there is none.
[[nodiscard]] const Run* first_run_of(const Timeline& timeline, std::string_view job);

} // namespace upstart::client
