#include "daemons/job-supervisor/configuration/condition-place.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace upstart::supervisor;

namespace {

using Files = std::map<std::string, std::string>;

// As the supervisor has it, the variable C of the class alone.
EventExpression expand_c(const JobClass& job_class, const EventExpression& expression) {
  auto expanded = expression;
  for (auto& node : expanded.nodes)
    for (auto& argument : node.arguments)
      if (argument.pattern == "$C" && !job_class.env.empty()) argument.pattern = job_class.env.front().substr(2);
  return expanded;
}

std::string place(const Files& files, const ConditionWords& condition, const std::string& path = "/d/web.conf") {
  JobClass job_class;
  job_class.name = "web";
  job_class.path = path;
  job_class.positional_parameters = !path.ends_with(".conf");
  if (files.contains("/d/web.override")) job_class.override_path = "/d/web.override";
  auto read = [&](const std::string& file) -> std::expected<std::string, ReadFault> {
    if (auto found = files.find(file); found != files.end()) return found->second;
    return std::unexpected{ReadFault{.missing = true, .reason = "is gone"}};
  };
  return place_of_condition(job_class, condition, read, expand_c);
}

} // namespace

TEST_CASE("a condition is found on its line, in whichever expression it stands") {
  Files files{{"/d/web.conf", "# a job\nstart on (socket PORT=1\n  or socket PORT=2\n  and startup)\n\n"
                              "stop on file FILE=/x\nexec true\n"}};
  CHECK(place(files, {"socket", "PORT=1"}) == "/d/web.conf:2");
  CHECK(place(files, {"socket", "PORT=2"}) == "/d/web.conf:3");
  CHECK(place(files, {"startup"}) == "/d/web.conf:4");
  CHECK(place(files, {"file", "FILE=/x"}) == "/d/web.conf:6");
}

TEST_CASE("the condition with just these words comes before one that has more, and that before none") {
  Files files{{"/d/web.conf", "start on file FILE=/x EVENT=create\nstop on file FILE=/x\n"}};
  CHECK(place(files, {"file", "FILE=/x"}) == "/d/web.conf:2");
  CHECK(place(files, {"file", "EVENT=create"}) == "/d/web.conf:1");
  CHECK(place(files, {"file", "FILE=/y"}) == "/d/web.conf");
}

TEST_CASE("an override has the place of what it says itself, and its job's file that of the rest") {
  Files files{{"/d/web.conf", "start on socket PORT=1\nstop on socket PORT=3\n"},
              {"/d/web.override", "\n\nstart on socket PORT=2\n"}};
  CHECK(place(files, {"socket", "PORT=2"}) == "/d/web.override:3");
  CHECK(place(files, {"socket", "PORT=3"}) == "/d/web.conf:2");
  CHECK(place(files, {"socket", "PORT=1"}) == "/d/web.conf");
}

TEST_CASE("a condition with the class's own variables is known by what they give") {
  Files files{{"/d/web.conf", "env C=80\nstart on socket PORT=$C\n"}};
  CHECK(place(files, {"socket", "PORT=80"}) == "/d/web.conf:2");
}

TEST_CASE("each of several `on` of an event.d file has its line") {
  Files files{{"/etc/event.d/web", "on startup\non socket PORT=1\non socket PORT=2\nexec true\n"}};
  CHECK(place(files, {"socket", "PORT=1"}, "/etc/event.d/web") == "/etc/event.d/web:2");
  CHECK(place(files, {"socket", "PORT=2"}, "/etc/event.d/web") == "/etc/event.d/web:3");
}

TEST_CASE("of a file that is gone or wrong by now the path is known, and of a class without a file nothing") {
  CHECK(place({}, {"socket"}) == "/d/web.conf");
  CHECK(place({{"/d/web.conf", "start on\n"}}, {"socket"}) == "/d/web.conf");
  CHECK(place({}, {"socket"}, "") == "");
}
