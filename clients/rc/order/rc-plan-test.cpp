#include "clients/rc/order/rc-plan.hpp"

#include <doctest/doctest.h>

using namespace upstart::client;
using Names = std::vector<std::string>;

namespace {

Names files_to_run(const Names& files, const Names& previous = {}) {
  Names names;
  for (const auto& script : scripts_to_run(files, previous)) names.push_back(script.file);
  return names;
}

} // namespace

TEST_CASE("scripts stop first, then start, by number, then by name") {
  CHECK(files_to_run({"S20web", "S05log", "K80db", "S20cron", "K20mail", "README"}) ==
        Names{"K20mail", "K80db", "S05log", "S20cron", "S20web"});
}

TEST_CASE("what the previous runlevel has started is not started again, unless it was stopped") {
  CHECK(files_to_run({"K10db", "S20web", "S30db", "S40new"}, {"S15web", "S30db", "K40new"}) ==
        Names{"K10db", "S30db", "S40new"});
}

TEST_CASE("names of another form, and what packagers and editors leave, are no scripts") {
  CHECK(!read_script_name("S2x"));
  CHECK(!read_script_name("S20"));
  CHECK(!read_script_name("s20web"));
  CHECK(!read_script_name("X20web"));
  for (const char* left : {"S20web~", "S20web.dpkg-old", "S20web.rpmsave", "S20web.bak"})
    CHECK_MESSAGE(!read_script_name(left), left);
  auto script = read_script_name("K07a.b-c").value();
  CHECK(script == RcScript{.file = "K07a.b-c", .kind = RcKind::stop, .number = 7, .name = "a.b-c"});
}
