// The runner on a tree of scripts, which append what they are told to a file.
#include "clients/rc/rc.hpp"
#include "clients/system-v/testing/system-fixture.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <filesystem>
#include <format>
#include <fstream>

using namespace upstart::client;
using Words = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

struct Tree : SystemFixture {
  Tree() { fs::create_directories(path("etc/init.d")); }

  // A script of /etc/init.d and its links; `lines` come before what it notes.
  void script(const std::string& name, const Words& links, const std::string& lines = "",
              const char* shell = "#!/bin/sh\n") {
    auto file = path("etc/init.d/" + name);
    std::ofstream{file} << shell << lines << "\necho \"" << name << " $1 $RUNLEVEL $PREVLEVEL\" >>" << path("ran")
                        << "\n";
    ::chmod(file.c_str(), 0755);
    for (const auto& link : links) {
      fs::create_directories(path("etc/" + link).substr(0, path("etc/" + link).rfind('/')));
      fs::create_symlink(file, path("etc/" + link));
    }
  }
  ProgramRun rc(Words words) {
    words.insert(words.begin(), {"upstart-rc", "--root", directory});
    return run(&upstart::client::rc, words);
  }
  // What the scripts have noted, and forgets it.
  std::string ran() {
    auto text = text_of(path("ran"));
    fs::remove(path("ran"));
    return text;
  }
};

std::string header(const std::string& lines) { return "### BEGIN INIT INFO\n" + lines + "\n### END INIT INFO\n"; }

} // namespace

TEST_CASE("a tree of scripts goes from runlevel to runlevel") {
  Tree tree;
  tree.script("log", {"rc2.d/S10log", "rc3.d/S10log", "rc0.d/K90log"});
  tree.script("web", {"rc2.d/K20web", "rc3.d/S20web", "rc0.d/K20web"});
  tree.script("cron", {"rc2.d/S89cron", "rc3.d/S89cron", "rc0.d/K11cron"});
  tree.variables["PREVLEVEL"] = "N";
  CHECK(tree.rc({"2"}).status == 0);
  CHECK(tree.ran() == "web stop 2 N\nlog start 2 N\ncron start 2 N\n");
  tree.variables["PREVLEVEL"] = "2";
  tree.rc({"3"});
  CHECK(tree.ran() == "web start 3 2\n");
  tree.variables = {{"PREVLEVEL", "3"}, {"RUNLEVEL", "0"}};
  tree.rc({});
  CHECK(tree.ran() == "cron stop 0 3\nweb stop 0 3\nlog stop 0 3\n");
}

TEST_CASE("the previous runlevel is that of utmp where no variable says it") {
  Tree tree;
  tree.script("log", {"rc.d/rc2.d/S10log", "rc.d/rc3.d/S10log"});
  tree.rc({"3"});
  CHECK(tree.ran() == "log start 3 N\n");
}

TEST_CASE("a script that fails, cannot be run or has no first line holds nothing up, and is told") {
  Tree tree;
  tree.script("bad", {"rc2.d/S10bad"}, "exit 3");
  tree.script("dead", {"rc2.d/S20dead"}, "kill -9 $$");
  tree.script("plain", {"rc2.d/S30plain"}, "", "");
  tree.script("off", {"rc2.d/S40off"});
  ::chmod(tree.path("etc/init.d/off").c_str(), 0644);
  fs::create_symlink(tree.path("nowhere"), tree.path("etc/rc2.d/S50gone"));
  tree.script("last", {"rc2.d/S90last"});
  auto ran = tree.rc({"2"});
  CHECK(ran.status == 0);
  CHECK(tree.ran() == "plain start 2 N\nlast start 2 N\n");
  auto at = tree.path("etc/rc2.d/");
  CHECK(ran.err == std::format("upstart-rc: {0}S10bad start: exit status 3\n"
                               "upstart-rc: {0}S20dead start: killed by signal 9 (Killed)\n"
                               "upstart-rc: {0}S40off start: Permission denied\n"
                               "upstart-rc: {0}S50gone start: No such file or directory\n",
                               at));
}

// The three that wait for nothing meet at a FIFO: one after the other they would never end.
TEST_CASE("in parallel scripts run as their headers allow, one after the other they do not meet") {
  Tree tree;
  tree.script("base", {"rc2.d/S01base"}, header("# Provides: base"));
  auto fifo = tree.path("meet");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  tree.script("a", {"rc2.d/S02a"}, header("# Provides: a\n# Required-Start: base") + "echo here >" + fifo);
  tree.script("b", {"rc2.d/S03b"}, header("# Provides: b\n# Required-Start: base") + "read word <" + fifo);
  tree.script("c", {"rc2.d/S02c"}, header("# Provides: c\n# Required-Start: a b"));
  CHECK(tree.rc({"-c", "makefile", "2"}).status == 0);
  auto ran = tree.ran();
  CHECK(ran.starts_with("base start"));
  CHECK(ran.ends_with("c start 2 N\n"));
  CHECK(ran.size() == std::string{"base start 2 N\na start 2 N\nb start 2 N\nc start 2 N\n"}.size());
}

TEST_CASE("a dry run prints what would be run") {
  Tree tree;
  tree.script("log", {"rc2.d/S10log", "rc2.d/K05log"});
  CHECK(tree.rc({"-n", "2"}).out ==
        std::format("{0}/etc/rc2.d/K05log stop\n{0}/etc/rc2.d/S10log start\n", tree.directory));
  CHECK(tree.ran().empty());
}

TEST_CASE("the runner says what is wrong with its words") {
  Tree tree;
  CHECK(tree.rc({}).err.starts_with("upstart-rc: missing runlevel\nTry "));
  CHECK(tree.rc({"7"}).err.starts_with("upstart-rc: illegal runlevel: 7\nTry "));
  CHECK(tree.rc({"5"}).err == std::format("upstart-rc: no scripts of runlevel 5: neither {0}/etc/rc5.d nor "
                                          "{0}/etc/rc.d/rc5.d is there\n",
                                          tree.directory));
  CHECK(tree.rc({"-c", "x", "5"})
            .err.starts_with("upstart-rc: unknown concurrency: x; it is `none', `makefile' or `shell'\n"));
}
