#include "clients/initctl/command/command-line.hpp"
#include "clients/initctl/command/command-table.hpp"
#include "clients/initctl/command/help.hpp"
#include "clients/initctl/testing/fake-upstart.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

using namespace upstart::client;
using Words = std::vector<std::string>;

namespace {

CommandLine parsed(const Words& words) {
  auto line = parse_command_line(words, all_commands());
  REQUIRE(line);
  return *line;
}

std::string error_of(const Words& words) {
  auto line = parse_command_line(words, all_commands());
  REQUIRE_FALSE(line);
  CHECK(line.error().usage);
  return line.error().message;
}

Ran run_alone(Words words) {
  words.insert(words.begin(), "initctl");
  return run_initctl(words, {});
}

} // namespace

TEST_CASE("options stand before the command, after it and between its arguments") {
  auto line = parsed({"initctl", "-q", "start", "job", "--no-wait", "A=1"});
  CHECK(line.command->name == "start");
  CHECK(line.arguments == Words{"job", "A=1"});
  CHECK(line.options.has("--quiet"));
  CHECK(line.options.has("--no-wait"));
}

TEST_CASE("short options may be joined, values may follow or be joined") {
  auto line = parsed({"initctl", "check-config", "-wqi", "a,b", "job"});
  CHECK(line.options.value("--ignore-events") == "a,b");
  CHECK(line.options.has("--warn"));
  CHECK(line.options.has("--quiet"));
  CHECK(parsed({"initctl", "check-config", "--ignore-events=x"}).options.value("--ignore-events") == "x");
}

TEST_CASE("arguments are taken as they are") {
  CHECK(parsed({"initctl", "emit", "[a,b]", "K=[x]", "", "-"}).arguments == Words{"[a,b]", "K=[x]", "", "-"});
  CHECK(parsed({"initctl", "emit", "--", "-n", "--"}).arguments == Words{"-n", "--"});
}

TEST_CASE("of an option given twice the last counts") {
  auto line = parsed({"initctl", "--session", "--system", "--dest=a", "--dest=b", "list"});
  CHECK(line.options.last_of({"--session", "--system"}) == "--system");
  CHECK(line.options.value("--dest") == "b");
}

TEST_CASE("the options about which Upstart is meant are gathered; of two buses the last counts") {
  auto target_of = [](const Words& words) {
    std::ostringstream none;
    ProcessContext context{.out = none, .err = none, .variable = {}, .uid = 0};
    return Call{context, parsed(words).options, {}}.target_options();
  };
  CHECK(target_of({"initctl", "--session", "--system", "--dest=a.b", "list"}).bus == Target::Kind::system_bus);
  CHECK(target_of({"initctl", "--system", "--session", "list"}).bus == Target::Kind::session_bus);
  CHECK(target_of({"initctl", "--system", "--dest=a.b", "list"}).bus_name == "a.b");
  CHECK(target_of({"initctl", "--user", "list"}).session_init);
  CHECK_FALSE(target_of({"initctl", "list"}).bus);
}

TEST_CASE("the value of an option may be empty; the next word is not taken for it") {
  auto line = parsed({"initctl", "--system", "--dest=", "check-config", "--ignore-events=", "job", "--", "--dest="});
  CHECK(line.command->name == "check-config");
  CHECK(line.options.value("--dest") == "");
  CHECK(line.options.value("--ignore-events") == "");
  CHECK(line.arguments == Words{"job", "--dest="});
}

TEST_CASE("what is wrong with a command line is said as Upstart says it") {
  CHECK(error_of({"initctl"}) == "missing command");
  CHECK(error_of({"initctl", "nosuch"}) == "invalid command: nosuch");
  CHECK(error_of({"initctl", "start", "--bogus"}) == "invalid option: --bogus");
  CHECK(error_of({"initctl", "--bogus", "start"}) == "invalid option: --bogus");
  CHECK(error_of({"initctl", "start", "-nz"}) == "invalid option: -z");
  CHECK(error_of({"start", "-n", "-z"}) == "invalid option: -z");
  CHECK(error_of({"initctl", "--system", "list", "--dest"}) == "missing argument: --dest");
  CHECK(error_of({"initctl", "list", "--quiet=very"}) == "unexpected argument: --quiet=very");
}

TEST_CASE("of a command or option that is nearly right it is said which may have been meant") {
  CHECK(run_alone({"strat", "web"}).err == "initctl: invalid command: strat\n"
                                           "initctl: did you mean `start`?\n"
                                           "Try `initctl --help' for more information.\n");
  CHECK(run_alone({"list", "--josn"}).err.contains("initctl: did you mean `--json`?\n"));
  CHECK(run_alone({"top", "--dealy=1"}).err.contains("initctl: did you mean `--delay`?\n"));
  CHECK(run_alone({"--josn", "list"}).err.contains("initctl: did you mean `--json`?\n"));
  CHECK(run_alone({"help", "strat"}).err.contains("did you mean `start`?"));
}

TEST_CASE("-h is --help") { CHECK(run_alone({"start", "-h"}).out.starts_with("Usage: initctl start ")); }

TEST_CASE("a command that needs an argument says which") {
  auto missing = [](const char* command) { return run_alone({command}).err; };
  CHECK(missing("start") == "initctl: missing job name\nTry `initctl --help' for more information.\n");
  CHECK(missing("emit").starts_with("initctl: missing event name\n"));
  CHECK(missing("notify-dbus-address").starts_with("initctl: missing D-Bus address\n"));
  CHECK(missing("notify-cgroup-manager-address").starts_with("initctl: missing address\n"));
  CHECK(missing("get-env").starts_with("initctl: missing variable name\n"));
}

TEST_CASE("help and version need no daemon") {
  CHECK(run_alone({"--help"}).out.starts_with("Usage: initctl [OPTION]... COMMAND"));
  CHECK(run_alone({"--version"}).out.starts_with("initctl (upstart "));
  CHECK(run_alone({"help"}).out.contains("  emit      "));
  CHECK(run_alone({"start", "--help"}).out.starts_with("Usage: initctl start [OPTION]... JOB [KEY=VALUE]...\n"));
  CHECK(run_initctl({"start", "--help"}, {}).out.starts_with("Usage: start [OPTION]... JOB [KEY=VALUE]...\n"));
  CHECK(run_alone({"help", "emit"}).out == run_alone({"emit", "--help"}).out);
}

TEST_CASE("every command has complete help") {
  for (const auto& command : all_commands()) {
    CAPTURE(command.name);
    CHECK_FALSE(command.summary.empty());
    CHECK_FALSE(command.about.empty());
    for (const auto& option : command.options) CHECK_FALSE(option.help.empty());
    CHECK(command.run);
  }
}

TEST_CASE("a shell learns from the table what completes arguments, and which options take a value") {
#ifdef UPSTART_MQTT
  const std::string common = "value --dest\nvalue --node\nvalue --time-limit\n";
#else
  const std::string common = "value --dest\n";
#endif
  CHECK(run_alone({"help", "--completion"}).out == common);
  CHECK(run_alone({"help", "start", "--completion"}).out == "arguments jobs variables...\n" + common);
  CHECK(run_alone({"help", "simulate", "--completion"}).out ==
        "arguments events\nvalue --confdir directories\n" + common);
  CHECK(run_alone({"help", "log", "--completion"})
            .out.starts_with("arguments jobs instances\nvalue -n\nvalue --lines\n"));
}

TEST_CASE("a shell learns from the table what completes the value of an option") {
  auto completion = [](const char* command) { return run_alone({"help", command, "--completion"}).out; };
  CHECK(completion("list").contains("\nvalue --columns job|state|goal|since|process|restarts|memory|cpu|tasks|"
                                    "description,...\nvalue --sort job|state|"));
  CHECK(completion("list").contains("|description|-job|-state|"));
  CHECK(completion("bridges").starts_with("value --start socket-bridge|file-bridge|"));
  CHECK(completion("check-config").contains("\nvalue -i events,...\nvalue --ignore-events events,...\n"));
}

TEST_CASE(
    "what completes an argument is something that the completions know, and there are no more words than arguments") {
  const Words known{"jobs", "instances", "variables", "events", "environment", "assignments", "commands"};
  for (const auto& command : all_commands()) {
    CAPTURE(command.name);
    std::istringstream words{std::string{command.completion}};
    std::size_t count = 0;
    for (std::string word; words >> word; ++count) {
      if (word.ends_with("...")) word.resize(word.size() - 3);
      CHECK((word.contains('|') || std::ranges::contains(known, word)));
    }
    CHECK(count <= most_arguments(command).value_or(count));
    for (const auto& option : command.options) {
      CAPTURE(option.flags);
      auto kind = option.completion.substr(0, option.completion.find(",..."));
      CHECK((kind.empty() || kind.contains('|') || kind == "directories" || std::ranges::contains(known, kind)));
      CHECK((kind.empty() || !option.value.empty()));
    }
  }
}
