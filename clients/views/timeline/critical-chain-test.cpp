#include "clients/views/timeline/critical-chain.hpp"
#include "clients/views/timeline/made-timeline.hpp"

#include <doctest/doctest.h>

#include <format>

using namespace upstart::client;
using namespace upstart::client::test;

namespace {

// "web@30+10 db@20+15 startup@5"
std::string chain_of(const Timeline& timeline, std::string_view job, const Emitters& emitters = {}) {
  std::string text;
  for (const auto& link : critical_chain(timeline, *first_run_of(timeline, job), emitters)) {
    text += std::format("{}{}@{}", text.empty() ? "" : " ", link.run ? link.run->title() : link.event,
                        link.at.count() / 1000);
    if (link.run) text += std::format("+{}", link.took.count() / 1000);
  }
  return text;
}

} // namespace

TEST_CASE("the chain goes from a job over the jobs whose events started it to the event that began all") {
  Timeline timeline{.now = ms(100),
                    .runs = {task("net", 5, 20, {{1, "startup"}}), service("db", 20, 40, {{4, "stopped", "net"}}),
                             service("other", 20, 22, {{4, "stopped", "net"}}),
                             service("web", 40, 90, {{7, "started", "db"}})}};
  CHECK(chain_of(timeline, "web") == "web@90+50 db@40+20 net@20+15 startup@5");
  CHECK(last_up(timeline)->job == "web");
}

TEST_CASE("of several events the last is what the job waited for") {
  Timeline timeline{.now = ms(100),
                    .runs = {service("a", 0, 10), service("b", 0, 30),
                             service("web", 30, 40, {{3, "started", "b"}, {2, "started", "a"}})}};
  CHECK(chain_of(timeline, "web") == "web@40+10 b@30+30");
}

TEST_CASE("a job that its own starting event held up has waited for who blocked that") {
  auto web = held_up(service("web", 10, 70, {{1, "startup"}}), 60);
  Timeline timeline{
      .now = ms(100),
      .runs = {web, task("quick", 10, 20, {{2, "starting", "web"}}), task("check", 10, 60, {{2, "starting", "web"}})}};
  CHECK(chain_of(timeline, "web") == "web@70+10 check@60+50 startup@10");
}

TEST_CASE("an event that one job says it emits leads to that job, one that several emit does not") {
  Timeline timeline{.now = ms(100),
                    .runs = {service("mount", 5, 6, {{1, "startup"}}), service("web", 50, 60, {{9, "filesystem"}})}};
  CHECK(chain_of(timeline, "web", {{"filesystem", {"mount"}}}) == "web@60+10 mount@50+45 startup@5");
  CHECK(chain_of(timeline, "web", {{"filesystem", {"mount", "web"}}}) == "web@60+10 filesystem@50");
}

TEST_CASE("jobs that start each other in a circle do not make the chain endless") {
  Timeline timeline{
      .now = ms(100),
      .runs = {service("a", 10, 20, {{1, "starting", "b"}}), service("b", 10, 20, {{2, "starting", "a"}})}};
  CHECK(chain_of(timeline, "a").starts_with("a@20+"));
}

TEST_CASE("of a job that respawned the event of its latest run before counts") {
  auto first = service("db", 0, 5), second = service("db", 10, 20);
  Timeline timeline{.now = ms(100), .runs = {first, second, service("web", 20, 25, {{1, "started", "db"}})}};
  CHECK(chain_of(timeline, "web") == "web@25+5 db@20+10");
}
