// show: all that is known of a job, on one page.
#include "clients/initctl/show/show.hpp"
#include "clients/initctl/command/command.hpp"

namespace upstart::client {

std::vector<Command> show_commands() {
  return {{.name = "show",
           .group = job_group,
           .summary = "Show all that is known of a job.",
           .synopsis = "JOB... [KEY=VALUE]...",
           .about =
               "State and since when, what started it, its processes as a tree with memory and processor time, how "
               "often it was restarted, how it last ended and who stopped it, what it waits for, what bridges "
               "watch for it, its limits and other settings, the files that it came from and the last lines of "
               "its log.\n"
               "With variables only the instance that they name is shown. A JOB with *, ? or [...] is a pattern. "
               "`status -v' prints the same on a terminal. `explain' "
               "tells more of why a job is, or is not, running.",
           .missing = "job name",
           .completion = "jobs...",
           .own_job_will_do = true,
           .options = {},
           .run = show_jobs}};
}

} // namespace upstart::client
