#include "clients/system-v/program.hpp"
#include "clients/system-v/testing/system-fixture.hpp"

#include <doctest/doctest.h>

using namespace upstart::client;
using Words = std::vector<std::string>;

namespace {

const Program example{
    .name = "example",
    .synopsis = "TIME",
    .about = "About it.",
    .options = {{"-f,--force", "", "at once"}, {"-t", "SECONDS", ""}, {"-e,--env", "KEY=VALUE", "a variable"}}};

std::string error_of(const Words& words) { return read_words(example, words).error().message; }

} // namespace

TEST_CASE("flags are joined, values stand in the same word or the next, options among the arguments") {
  auto given = read_words(example, {"-ft5", "now", "-e", "A=1", "--env=B=2", "--", "-f"}).value();
  CHECK(given.has("force"));
  CHECK(given.value("t") == "5");
  CHECK(given.values("env") == Words{"A=1", "B=2"});
  CHECK(given.arguments == Words{"now", "-f"});
}

TEST_CASE("what is wrong with an option is said") {
  CHECK(error_of({"-x"}) == "invalid option: -x");
  CHECK(error_of({"--bogus=1"}) == "invalid option: --bogus");
  CHECK(read_words(example, {"--verion"}).error().hint == "did you mean `--version`?");
  CHECK(error_of({"--force=1"}) == "unexpected argument: --force=1");
  CHECK(error_of({"-e"}) == "missing argument: -e");
}

TEST_CASE("-h shows the help, unless the program means something else by it") {
  auto words = read_words(example, {"-h"});
  REQUIRE(words);
  CHECK(words->has("help"));
  CHECK(help_of(example).contains("  -h, --help  "));
  auto halting = example;
  halting.options.push_back({"-h", "", "halt"});
  CHECK_FALSE(read_words(halting, {"-h"})->has("help"));
  CHECK_FALSE(help_of(halting).contains("-h, --help"));
}

TEST_CASE("the help names the options that do something, and nothing else") {
  auto help = help_of(example);
  CHECK(help.starts_with("Usage: example [OPTION]... TIME\n\nAbout it.\n\nOptions:\n"));
  CHECK(help.contains("  -f, --force              at once\n"));
  CHECK(help.contains("  -e, --env=KEY=VALUE      a variable\n"));
  CHECK(!help.contains("-t"));
}

TEST_CASE("a failure is told with the name that the program was called by") {
  SystemFixture system;
  auto ran = system.run(
      [](const Words& words, ProcessContext& context) {
        return run_program(example, words, context,
                           [](const GivenWords&) -> Outcome { return std::unexpected{Failure{"no", true}}; });
      },
      {"/sbin/other"});
  CHECK(ran.status == 1);
  CHECK(ran.err == "other: no\nTry `other --help' for more information.\n");
}
