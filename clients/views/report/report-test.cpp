#include "clients/views/report/blame.hpp"
#include "clients/views/report/chain.hpp"
#include "clients/views/timeline/made-timeline.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace upstart::client;
using namespace upstart::client::test;

TEST_CASE("blame tells the longest first, and where most of its time went") {
  auto web = held_up(service("web", 0, 500), 400);
  Timeline timeline{.now = ms(1000), .runs = {service("db", 0, 20), web}};
  CHECK(blame_in_words(timeline) ==
        "       500ms web: waited for its event starting 400ms, main process getting ready 100ms\n"
        "        20ms db: main process getting ready 20ms\n");
}

TEST_CASE("blame tells of a job that is not up what became of it") {
  auto hangs = service("hangs", 0, 20), bad = service("bad", 0, 20);
  hangs.moments.pop_back();
  bad.moments = {{"starting", ms(0)}, {"waiting", ms(30)}};
  bad.failed = true;
  auto text = blame_in_words({.now = ms(1000), .runs = {hangs, bad}});
  CHECK(text.contains("1.000s hangs (still spawned)"));
  CHECK(text.contains("30ms bad (failed)"));
}

TEST_CASE("the chain is told from its end, each link with what led to it") {
  Timeline timeline{.now = ms(100),
                    .runs = {service("db", 5, 40, {{1, "startup"}}), service("web", 40, 90, {{7, "started", "db"}})}};
  auto chain = critical_chain(timeline, timeline.runs[1], {});
  auto text = chain_in_words(chain);
  CHECK(text.starts_with("The time at which a job was up, or let the next go on, stands after @,\n"
                         "what it took until then after +.\n\nweb "));
  CHECK(text.ends_with("web @90ms +50ms\n"
                       "└─ event started db\n"
                       "   db @40ms +35ms\n"
                       "   └─ event startup @5.0ms\n"));
  auto json = chain_as_json(chain);
  REQUIRE(json.size() == 3);
  CHECK(json[0]["job"] == "web");
  CHECK(json[0]["began_us"] == 40'000);
  CHECK(json[0]["took_us"] == 50'000);
  CHECK(json[1]["through"] == "started db");
  CHECK(json[2]["event"] == "startup");
  CHECK_FALSE(json[2].contains("began_us"));
}

TEST_CASE("a chain that a command began says so") {
  Timeline timeline{.now = ms(100), .runs = {service("db", 5, 40)}};
  CHECK(chain_in_words(critical_chain(timeline, timeline.runs[0], {})).ends_with("db @40ms +35ms\n└─ by command\n"));
}
