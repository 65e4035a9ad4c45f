#include "protocol/jobs/job-summary.hpp"

#include <doctest/doctest.h>

using namespace upstart::protocol;

TEST_CASE("the summaries of jobs travel as JSON and come back as they were") {
  std::vector<JobSummary> jobs{{.name = "net",
                                .description = "network interfaces",
                                .starts_by_events = true,
                                .is_manual = true,
                                .stopped_since = 17,
                                .respawns = 3,
                                .instances = {{.name = "eth0",
                                               .goal = "start",
                                               .state = "running",
                                               .since = 1700000000000000,
                                               .respawns = 2,
                                               .processes = {{"main", 42}, {"post-start", 43}}}},
                                .failures = {{.instance = "wlan0", .time = 5, .text = "main process; the job failed"}}},
                               {.name = "plain"}};
  CHECK(job_summaries_from_json(to_json(jobs)) == jobs);
}

TEST_CASE("summaries of another version are refused with its number, other texts with what is wrong") {
  CHECK(job_summaries_from_json(R"({"summary_version":99,"jobs":[]})").error().version == 99);
  auto fault = job_summaries_from_json("[]").error();
  CHECK_FALSE(fault.version);
  CHECK(fault.message != "");
}
