#include "daemons/init/configuration/options.hpp"

#include <doctest/doctest.h>

using namespace upstart::init;

namespace {

Answer refused(const std::vector<std::string>& arguments) {
  auto options = read_options(arguments, false);
  REQUIRE_FALSE(options);
  return options.error();
}

} // namespace

TEST_CASE("without options init is the system's, and says what is worth saying") {
  auto options = read_options({}, false);
  REQUIRE(options);
  CHECK(options->mode == Mode::system);
  CHECK(options->verbosity == Verbosity::normal);
  CHECK_FALSE(options->logdir);
}

TEST_CASE("every option is taken, with a space or an equals sign before its value") {
  auto options =
      read_options({"--user", "--confdir", "/a", "--confdir=/b", "--prepend-confdir=/p", "--append-confdir", "/z",
                    "--logdir=/l", "--no-log", "--log-to-stdout", "--default-console", "none", "--startup-event",
                    "morning", "--no-dbus", "--no-inherit-env", "--no-cgroups", "--debug"},
                   false);
  REQUIRE(options);
  CHECK(options->mode == Mode::user);
  CHECK(options->confdirs == std::vector<std::string>{"/a", "/b"});
  CHECK(options->prepended_confdirs == std::vector<std::string>{"/p"});
  CHECK(options->appended_confdirs == std::vector<std::string>{"/z"});
  CHECK(options->logdir == "/l");
  CHECK(options->default_console == "none");
  CHECK(options->startup_event == "morning");
  CHECK((options->no_log && options->log_to_stdout && options->no_dbus && options->no_inherit_env &&
         options->no_cgroups));
  CHECK(options->verbosity == Verbosity::debug);
  CHECK(read_options({"--session", "--no-startup-event", "-q"}, false)->verbosity == Verbosity::quiet);
  CHECK(read_options({"--session", "--no-startup-event", "-v"}, false)->verbosity == Verbosity::verbose);
}

TEST_CASE("an option given twice that has one value has the later") {
  CHECK(read_options({"--user", "--logdir=/a", "--logdir=/b"}, false)->logdir == "/b");
}

TEST_CASE("what is no option is refused with its name, status 1 and a hint") {
  for (const auto* word : {"--bogus", "splash"}) {
    auto answer = refused({"--user", word});
    CHECK(answer.status == 1);
    CHECK(answer.text.starts_with("init: "));
    CHECK(answer.text.contains(word));
    CHECK(answer.text.ends_with("Try `init --help' for more information.\n"));
  }
}

TEST_CASE("a misspelt option is answered with the one that is meant") {
  CHECK(refused({"--usre"}).text == "init: invalid option: --usre\ninit: did you mean `--user`?\n"
                                    "Try `init --help' for more information.\n");
}

TEST_CASE("a console that there is not, and options that exclude each other, are refused") {
  CHECK(refused({"--user", "--default-console", "loud"}).text.contains("--default-console"));
  CHECK(refused({"--user", "--session"}).text.contains("--session"));
  CHECK(refused({"--user", "--startup-event", "x", "--no-startup-event"}).text.contains("--no-startup-event"));
  CHECK(refused({"--user", "--confdir"}).text.contains("--confdir"));
}

TEST_CASE("as process 1 strange words are ignored, and the options among them are taken") {
  auto options = read_options({"splash", "--confdir", "/a", "--bogus=3", "single", "-z", "--debug"}, true);
  REQUIRE(options);
  CHECK(options->confdirs == std::vector<std::string>{"/a"});
  CHECK(options->verbosity == Verbosity::debug);
  CHECK(read_options({"--logdir"}, true));
  CHECK(read_options({"--default-console", "loud"}, true));
}

TEST_CASE("help tells of every option, version in one line; both are no error") {
  auto help = refused({"--help"});
  CHECK(help.status == 0);
  for (const auto* option :
       {"--user", "--session", "--confdir", "--prepend-confdir", "--append-confdir", "--logdir", "--no-log",
        "--log-to-stdout", "--default-console", "--no-startup-event", "--startup-event", "--no-dbus",
        "--no-inherit-env", "--no-cgroups", "--quiet", "--verbose", "--debug", "--version", "--help"})
    CHECK(help.text.contains(option));
  CHECK(help.text.contains("\n  --confdir DIR               read job files from this directory instead\n"
                           "                              (repeatable)\n"));
  auto version = refused({"--version"});
  CHECK(version.status == 0);
  CHECK(version.text == "init (upstart " UPSTART_VERSION ")\n");
}
