#include "daemons/base/command-line/wrong-command-line.hpp"

#include <CLI/CLI.hpp>
#include <doctest/doctest.h>

#include <algorithm>

using namespace upstart::base;

namespace {

// What the program upstart-tester says, which has some options.
std::string said(std::vector<std::string> words, std::string_view command = {}) {
  CLI::App app{"Tests.", "upstart-tester"};
  std::string socket, directory, hidden;
  app.add_option("--socket", socket);
  app.add_option("--directory", directory)->required();
  app.add_option("--secret", hidden)->group("");
  std::ranges::reverse(words); // as CLI11 takes them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) { return wrong_command_line(app, error, "tester", command); }
  return "";
}

constexpr const char* hint = "Try `upstart-tester --help' for more information.\n";

} // namespace

TEST_CASE("an option that there is not is answered with the one that is meant") {
  CHECK(said({"--directory=/", "--socekt", "x"}) ==
        std::string{"tester: invalid option: --socekt\ntester: did you mean `--socket`?\n"} + hint);
  CHECK(said({"--directory=/", "--socekt=x"}) ==
        std::string{"tester: invalid option: --socekt=x\ntester: did you mean `--socket`?\n"} + hint);
  CHECK(said({"--directory=/", "--hlep"}).contains("did you mean `--help`?"));
  CHECK(said({"--directory=/", "--bogus"}) == std::string{"tester: invalid option: --bogus\n"} + hint);
}

TEST_CASE("an option that is missed because it is misspelt is answered with it") {
  CHECK(said({"--dirctory=/"}).contains("did you mean `--directory`?"));
  CHECK(said({}) == std::string{"tester: --directory is required\n"} + hint);
}

TEST_CASE("what the help does not show is not suggested") {
  CHECK(said({"--directory=/", "--secert"}) == std::string{"tester: invalid option: --secert\n"} + hint);
}

TEST_CASE("an argument that is one too many is named, and where to read more can be another command") {
  CHECK(said({"--directory=/", "superfluous"}, "tester --master") ==
        "tester: unexpected argument: superfluous\nTry `tester --master --help' for more information.\n");
}
