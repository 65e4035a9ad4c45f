#include "clients/views/timeline/made-timeline.hpp"

#include <doctest/doctest.h>

using namespace upstart::client;
using namespace upstart::client::test;

TEST_CASE("a service is up when it runs, a task when it has ended") {
  CHECK(service("web", 10, 30).up() == ms(30));
  CHECK(task("fsck", 10, 90).up() == ms(90));
  CHECK(task("fsck", 10, 90).took(ms(500)) == ms(80));
}

TEST_CASE("a job that is not up has taken until now, and one that ended before, until its end") {
  auto run = service("web", 10, 30);
  run.moments.pop_back();
  CHECK_FALSE(run.up());
  CHECK(run.took(ms(500)) == ms(490));
  run.moments.push_back({"waiting", ms(40)});
  CHECK(run.took(ms(500)) == ms(30));
}

TEST_CASE("the time in a state lasts to the next, in the last until now, and in waiting there is none") {
  auto run = held_up(service("web", 10, 30), 25);
  CHECK(run.time_in("starting", ms(100)) == ms(15));
  CHECK(run.time_in("spawned", ms(100)) == ms(5));
  CHECK(run.time_in("running", ms(100)) == ms(70));
  CHECK(run.time_in("pre-start", ms(100)) == ms(0));
  CHECK(task("t", 1, 2).time_in("waiting", ms(100)) == ms(0));
}

TEST_CASE("the boot is over when nothing has happened for ten seconds") {
  Timeline timeline{.now = ms(90'000),
                    .runs = {service("a", 5, 3000), service("b", 9000, 12'000), service("c", 60'000, 60'100)}};
  auto boot = boot_of(timeline);
  CHECK(boot.from == ms(0));
  CHECK(boot.to == ms(12'000));
  CHECK(within(boot, timeline).runs.size() == 2);
  CHECK(within(all_of(timeline), timeline).runs.size() == 3);
}

TEST_CASE("where the first job came long after the beginning, the picture begins with it") {
  Timeline timeline{.now = ms(90'000), .runs = {service("a", 30'000, 30'500)}};
  CHECK(boot_of(timeline).from == ms(30'000));
  CHECK(boot_of(timeline).to == ms(30'500));
}

TEST_CASE("times are shown for people") {
  CHECK(shown(Time{7}) == "7us");
  CHECK(shown(Time{1500}) == "1.5ms");
  CHECK(shown(ms(56)) == "56ms");
  CHECK(shown(ms(1234)) == "1.234s");
  CHECK(shown(ms(123'400)) == "2min 3.4s");
}

TEST_CASE("a run that was respawned ends where the present one begins") {
  auto first = service("web", 0, 10), present = service("web", 1000, 1010);
  first.moments.push_back({"post-stop", ms(900)});
  Timeline timeline{.now = ms(90'000), .runs = {first, service("db", 5, 6), present}};
  end_runs(timeline);
  CHECK(timeline.runs[0].end() == ms(1000));
  CHECK(timeline.runs[0].time_in("post-stop", timeline.now) == ms(100));
  CHECK_FALSE(timeline.runs[1].end());
  CHECK_FALSE(timeline.runs[2].end());
}

TEST_CASE("where runs between two are not told, the first ended when it was last told to be ending") {
  auto first = service("web", 0, 10), last = service("web", 8000, 8010);
  first.moments.push_back({"stopping", ms(1000)});
  last.moments.push_back({"waiting", ms(9000)});
  Timeline timeline{.now = ms(90'000), .runs = {first, last}};
  end_runs(timeline);
  CHECK(timeline.runs[0].end() == ms(1000));
  CHECK(timeline.runs[1].end() == ms(9000));
}

TEST_CASE("other instances do not end a run, and a task that was respawned was not up") {
  auto one = task("t", 0, 50), other = task("t", 100, 150);
  one.moments.pop_back();
  other.instance = "b";
  Timeline timeline{.now = ms(1000), .runs = {one, other}};
  end_runs(timeline);
  CHECK_FALSE(timeline.runs[0].end());
  timeline.runs[1].instance = "";
  end_runs(timeline);
  CHECK(timeline.runs[0].end() == ms(50));
  CHECK_FALSE(timeline.runs[0].up());
  CHECK(timeline.runs[0].took(timeline.now) == ms(50));
}
