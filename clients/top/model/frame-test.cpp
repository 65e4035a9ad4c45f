#include "clients/top/model/frame.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <format>

using namespace upstart::top;

namespace {

Model with(int count) {
  Model model;
  std::vector<JobLine> jobs;
  for (int i = 0; i < count; ++i)
    jobs.push_back(
        {.job = std::format("job-{:03}", i), .state = "running", .processes = {100 + i}, .cpu = 0.5, .memory = 2048});
  model.show_jobs(std::move(jobs));
  return model;
}

bool has_line(const std::vector<Line>& lines, std::string_view part) {
  return std::ranges::any_of(lines, [&](const Line& line) { return line.text.contains(part); });
}

} // namespace

TEST_CASE("the screen has as many lines as there is room for, none wider than it, whatever its size") {
  auto model = with(200);
  for (int i = 0; i < 50; ++i) model.add_event(std::string(300, 'x'));
  for (auto [rows, columns] : {std::pair{24UL, 80UL}, {50UL, 200UL}, {5UL, 20UL}, {1UL, 1UL}}) {
    auto lines = compose(model, {.rows = rows, .columns = columns});
    CHECK(lines.size() == rows);
    for (const auto& line : lines) CHECK(line.text.size() <= columns);
  }
}

TEST_CASE("a job's line tells its state, process, processor time and memory") {
  Model model;
  model.show_jobs(
      {{.job = "web", .state = "running", .processes = {321}, .restarts = 2, .cpu = 12.34, .memory = 5 << 20},
       {.job = "off"},
       {.job = "bad", .failed = true}});
  auto lines = compose(model, {.rows = 24, .columns = 80});
  CHECK(has_line(lines, "web          running                321   12.3    5.0M    2"));
  CHECK(has_line(lines, "off          waiting                  -      -       -    -"));
  CHECK(has_line(lines, "bad          failed                   -"));
  CHECK(lines[0].text.starts_with("3 jobs, 1 running, cpu 12.3%, memory 5.0M, 0 events; order: cpu"));
  CHECK(lines.back().text.contains("q quit"));
}

TEST_CASE("the picked job is always on the screen") {
  auto model = with(100);
  for (int i = 0; i < 60; ++i) model.press(Key::down, 0, 10);
  auto lines = compose(model, {.rows = 24, .columns = 80});
  auto picked = std::ranges::find(lines, Style::picked, &Line::style);
  REQUIRE(picked != lines.end());
  CHECK(picked->text.starts_with("job-060"));
}

TEST_CASE("the last events stand below the jobs, the newest last") {
  auto model = with(3);
  for (int i = 0; i < 20; ++i) model.add_event(std::format("event-{}", i));
  auto lines = compose(model, {.rows = 25, .columns = 80});
  CHECK(has_line(lines, "EVENTS"));
  CHECK(lines[lines.size() - 2].text == "event-19");
  CHECK_FALSE(has_line(compose(model, {.rows = 10, .columns = 80}), "EVENTS")); // no room for them
}

TEST_CASE("names cannot control the terminal") {
  CHECK(printable("a\x1b[31mb\x7f\xc2\x9b", 20) == "a?[31mb??");
  CHECK(printable("caf\xc3\xa9 \xff", 20) == "caf\xc3\xa9 ?");
  CHECK(printable("abcdef", 4) == "abc+");
}

TEST_CASE("memory is shown in the unit that fits") {
  CHECK(shown_memory(0) == "-");
  CHECK(shown_memory(2048) == "2K");
  CHECK(shown_memory(5 << 20) == "5.0M");
  CHECK(shown_memory(3ULL << 30) == "3.0G");
}
