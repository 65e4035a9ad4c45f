#include "clients/views/plot/layout.hpp"
#include "clients/views/timeline/made-timeline.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <format>

using namespace upstart::client;
using namespace upstart::client::plot;
using namespace upstart::client::test;

namespace {

Layout laid_out(const Timeline& timeline, const std::vector<ChainLink>& chain = {}) {
  return lay_out(timeline, boot_of(timeline), chain);
}

} // namespace

TEST_CASE("a bar has a part for each state, in proportion to its time, one after the other") {
  auto web = held_up(service("web", 0, 800), 200);
  Timeline timeline{.now = ms(1000), .runs = {web, service("end", 0, 1000)}};
  auto layout = laid_out(timeline);
  REQUIRE(layout.rows.size() == 2);
  const auto& segments = layout.rows[0].segments;
  REQUIRE(segments.size() == 3);
  CHECK(segments[0].part == Part::waiting);
  CHECK(segments[1].part == Part::spawning);
  CHECK(segments[2].part == Part::running);
  CHECK(segments[0].from == doctest::Approx(layout.left));
  CHECK(segments[0].to == doctest::Approx(segments[1].from));
  double width = layout.right - layout.left;
  CHECK(segments[0].to - segments[0].from == doctest::Approx(width * 0.2));
  CHECK(segments[1].to - segments[1].from == doctest::Approx(width * 0.6));
  CHECK(segments[2].to == doctest::Approx(layout.right));
}

TEST_CASE("a part that is too short to be seen is a pixel wide, and what goes on beyond the edge is cut there") {
  Timeline timeline{.now = ms(60'000), .runs = {service("web", 0, 0), service("slow", 0, 9000)}};
  auto layout = laid_out(timeline);
  for (const auto& segment : layout.rows[0].segments) CHECK(segment.to - segment.from >= 1);
  CHECK(layout.rows[0].segments.back().to == doctest::Approx(layout.right));
  CHECK(layout.rows[0].goes_on);
}

TEST_CASE("the bar of a run that was respawned ends where the next one begins") {
  Timeline timeline{.now = ms(1000), .runs = {service("web", 0, 0), service("web", 500, 500), service("end", 0, 1000)}};
  end_runs(timeline);
  auto layout = laid_out(timeline);
  double middle = (layout.left + layout.right) / 2;
  CHECK(layout.rows[0].segments.back().to == doctest::Approx(middle));
  CHECK_FALSE(layout.rows[0].goes_on);
}

TEST_CASE("an arrow goes from where a job emitted the event to where the other began") {
  Timeline timeline{.now = ms(100), .runs = {service("db", 0, 50), service("web", 50, 100, {{3, "started", "db"}})}};
  auto layout = laid_out(timeline);
  REQUIRE(layout.arrows.size() == 1);
  const auto& arrow = layout.arrows[0];
  double middle = (layout.left + layout.right) / 2;
  CHECK(arrow.from_x == doctest::Approx(middle));
  CHECK(arrow.to_x == doctest::Approx(middle));
  CHECK(arrow.from_y == doctest::Approx(layout.rows[0].y + row_height / 2));
  CHECK(arrow.to_y > layout.rows[1].y);
  CHECK(arrow.to_y < layout.rows[1].y + row_height / 2);
}

TEST_CASE("an event from outside stands once above the rows, with an arrow to each job that it started") {
  Timeline timeline{.now = ms(100),
                    .runs = {service("a", 10, 50, {{1, "startup"}}), service("b", 10, 60, {{1, "startup"}})}};
  auto layout = laid_out(timeline);
  REQUIRE(layout.marks.size() == 1);
  CHECK(layout.marks[0].name == "startup");
  REQUIRE(layout.arrows.size() == 2);
  for (const auto& arrow : layout.arrows) CHECK(arrow.from_y < layout.rows[0].y);
}

TEST_CASE("the label of an event near the right edge stands to the left of it") {
  Timeline timeline{.now = ms(100),
                    .runs = {service("a", 0, 1, {{1, "startup"}}), service("b", 99, 100, {{2, "a-late-one"}})}};
  auto layout = laid_out(timeline);
  REQUIRE(layout.marks.size() == 2);
  CHECK_FALSE(layout.marks[0].label_is_left);
  CHECK(layout.marks[1].label_is_left);
}

TEST_CASE("the critical chain is marked on rows and arrows, and drawn last") {
  Timeline timeline{.now = ms(100),
                    .runs = {service("db", 0, 50, {{1, "startup"}}), service("web", 50, 100, {{3, "started", "db"}}),
                             service("other", 50, 60, {{3, "started", "db"}})}};
  auto chain = critical_chain(timeline, timeline.runs[1], {});
  auto layout = laid_out(timeline, chain);
  CHECK(layout.rows[0].is_critical);
  CHECK(layout.rows[1].is_critical);
  CHECK_FALSE(layout.rows[2].is_critical);
  REQUIRE(layout.arrows.size() == 3);
  CHECK_FALSE(layout.arrows[0].is_critical);
  CHECK(layout.arrows[1].is_critical);
  CHECK(layout.arrows[2].is_critical);
}

TEST_CASE("two hundred jobs have a row each, labels of events do not overlap, and long names are cut") {
  Timeline timeline{.now = ms(10'000)};
  for (int i = 0; i < 200; ++i)
    timeline.runs.push_back(service(std::format("a-job-with-a-name-that-is-much-too-long-{}", i), i * 10, i * 10 + 500,
                                    {{static_cast<std::uint64_t>(i + 1), std::format("event-{}", i)}}));
  auto layout = laid_out(timeline);
  CHECK(layout.rows.size() == 200);
  CHECK(layout.width < 1400);
  CHECK(layout.height == doctest::Approx(layout.rows_end + axis_height + 16));
  CHECK(layout.rows[0].name.ends_with("…"));
  auto in_lane_0 = [](const Mark& mark) { return mark.lane == 0; };
  double end = 0;
  for (const auto& mark : layout.marks)
    if (in_lane_0(mark)) {
      CHECK(mark.x >= end);
      end = mark.x + 6 * static_cast<double>(mark.name.size());
    }
  CHECK(std::ranges::any_of(layout.marks, [](const Mark& mark) { return mark.lane == -1; }));
  CHECK(layout.ticks.size() >= 5);
  CHECK(layout.ticks.size() <= 21);
}
