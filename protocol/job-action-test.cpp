#include "protocol/job-action.hpp"

#include "protocol/text.hpp"

#include <doctest/doctest.h>

#include <tuple>

using namespace upstart::protocol;

namespace {

// What D-Bus code has.
struct Wire : std::tuple<std::string, std::string, std::string> {
  using tuple::tuple;
  template <std::size_t place> [[nodiscard]] const std::string& get() const { return std::get<place>(*this); }
};

} // namespace

TEST_CASE("an action on a job reads as a command does, with the instance where there is one") {
  CHECK(to_text({job_operation::start, "web", ""}) == "start web");
  CHECK(to_text({job_operation::stop, "tty", "tty 1"}) == "stop tty (tty 1)");
}

TEST_CASE("actions cross D-Bus and come back with every byte of their names") {
  std::vector<JobAction> actions{{job_operation::start, "caf\xE9", ""}, {job_operation::stop, "a", "\xFF(x)"}};
  auto wire = job_actions_to_wire<Wire>(converted(actions, escaped));
  CHECK(std::get<0>(wire[1]) == "stop");
  CHECK(std::get<1>(wire[0]) != actions[0].job);
  CHECK(converted(job_actions_from_wire(wire), unescaped) == actions);
}
