#include "clients/top/model/model.hpp"

#include <doctest/doctest.h>

#include <format>
#include <ranges>

using namespace upstart::top;

namespace {

Wish type(Model& model, std::string_view text) {
  Wish last;
  for (char c : text) last = model.press(Key::character, c, 10);
  return last;
}

Model with_jobs() {
  Model model;
  model.show_jobs({{.job = "web", .state = "running", .cpu = 1, .memory = 10},
                   {.job = "db", .state = "running", .restarts = 3, .cpu = 5, .memory = 30},
                   {.job = "idle", .failed = true},
                   {.job = "tty", .instance = "1", .state = "running", .cpu = 1, .memory = 20}});
  return model;
}

std::string names(const Model& model) {
  std::string text;
  for (const auto* line : model.visible()) text += (text.empty() ? "" : " ") + line->title();
  return text;
}

} // namespace

TEST_CASE("jobs stand in the order of their processor time, then memory; o goes on to the next order") {
  auto model = with_jobs();
  CHECK(names(model) == "db tty (1) web idle");
  type(model, "o");
  CHECK(names(model) == "db tty (1) web idle");
  CHECK(model.order() == Order::memory);
  type(model, "o");
  CHECK(names(model).starts_with("db idle"));
  type(model, "o");
  CHECK(names(model) == "db idle tty (1) web");
  type(model, "o");
  CHECK(model.order() == Order::cpu);
}

TEST_CASE("the picked job stays picked when the order changes, and when it goes the first is") {
  auto model = with_jobs();
  model.press(Key::down, 0, 10);
  model.press(Key::down, 0, 10);
  CHECK(model.picked() == 2); // web
  auto jobs = model.jobs();
  jobs[0].cpu = 99;
  model.show_jobs(jobs);
  CHECK(model.picked() == 0);
  CHECK(type(model, "e").job == "web");
  jobs.erase(jobs.begin());
  model.show_jobs(jobs);
  CHECK(type(model, "e").job == "db");
}

TEST_CASE("what is typed after / chooses the jobs, and Escape shows all again") {
  auto model = with_jobs();
  type(model, "/w");
  CHECK(names(model) == "web");
  model.press(Key::backspace, 0, 10);
  CHECK(model.visible().size() == 4);
  type(model, "failed");
  model.press(Key::enter, 0, 10);
  CHECK(names(model) == "idle");
  CHECK(type(model, "s").job == "idle"); // keys are keys again
  model.press(Key::escape, 0, 10);
  CHECK(model.visible().size() == 4);
}

TEST_CASE("a job is stopped only when that is confirmed") {
  auto model = with_jobs();
  CHECK(type(model, "x").operation == Operation::none);
  CHECK(model.prompt().starts_with("Stop db?"));
  CHECK(type(model, "n").operation == Operation::none);
  CHECK(model.prompt().empty());
  type(model, "x");
  auto wish = type(model, "y");
  CHECK(wish.operation == Operation::stop);
  CHECK(wish.job == "db");
}

TEST_CASE("a wish names the instance, and without jobs there is none") {
  auto model = with_jobs();
  model.press(Key::down, 0, 10);
  CHECK(type(model, "l").instance == "1");
  Model empty;
  CHECK(type(empty, "e").operation == Operation::none);
  CHECK(type(empty, "x").operation == Operation::none);
  CHECK(empty.prompt().empty());
}

TEST_CASE("a text is moved within its lines, and left with q, which then leaves top") {
  auto model = with_jobs();
  std::string text;
  for (int i = 0; i < 30; ++i) text += std::format("line {}\n", i);
  model.open("A text", text);
  REQUIRE(model.pager());
  CHECK(model.pager()->lines.size() == 30);
  model.press(Key::page_down, 0, 10);
  CHECK(model.pager()->first == 10);
  model.press(Key::end, 0, 10);
  CHECK(model.pager()->first == 20);
  model.press(Key::down, 0, 10);
  CHECK(model.pager()->first == 20);
  model.press(Key::page_up, 0, 50);
  CHECK(model.pager()->first == 0);
  CHECK(type(model, "q").operation == Operation::none);
  CHECK_FALSE(model.pager());
  CHECK(type(model, "q").operation == Operation::quit);
}

TEST_CASE("the text about the keys fits a terminal of 80 columns") {
  for (auto line : help_text() | std::views::split('\n')) CHECK(std::string_view{line}.size() < 80);
}

TEST_CASE("only the last events are kept, all are counted") {
  Model model;
  for (int i = 0; i < 500; ++i) model.add_event(std::to_string(i));
  CHECK(model.events().size() == Model::most_events);
  CHECK(model.events().back() == "499");
  CHECK(model.events_seen() == 500);
}
