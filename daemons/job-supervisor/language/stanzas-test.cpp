#include "daemons/job-supervisor/language/print-job.hpp"
#include "daemons/job-supervisor/language/printing/printer.hpp"
#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"

#include "daemons/job-supervisor/language/test-support.hpp"

#include <csignal>
#include <set>
#include <sys/resource.h>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;

TEST_CASE("a class that says nothing has the defaults of the language") {
  const auto job = parsed("");
  JobClass none;
  none.name = "job";
  none.path = "job.conf";
  CHECK(job == none);
  CHECK(job.respawn_limit == RespawnLimit{10, 5s});
  CHECK(job.kill_signal == SIGTERM);
  CHECK(job.kill_timeout == 5s);
  CHECK(job.reload_signal == SIGHUP);
  CHECK_FALSE(job.console);
}

TEST_CASE("documentation is kept, the last of each") {
  const auto job = parsed("description a\ndescription 'b c'\nauthor x\nversion 1.0\nusage \"job NAME=x\"\n");
  CHECK(job.description == "b c");
  CHECK(job.author == "x");
  CHECK(job.version == "1.0");
  CHECK(job.usage == "job NAME=x");
}

TEST_CASE("exec and script share one slot: the later wins") {
  CHECK(parsed("script\na\nend script\nexec b\n").command(ProcessKind::main) == Command{"b", false});
  CHECK(parsed("exec b\nscript\na\nend script\n").command(ProcessKind::main) == Command{"a\n", true});
  CHECK(parsed("pre-start exec b\npre-start script\na\nend script\n").command(ProcessKind::pre_start) ==
        Command{"a\n", true});
}

TEST_CASE("each process has its own command") {
  const auto job = parsed("exec m\npre-start exec a\npost-start exec b\npre-stop exec c\npost-stop exec d\n");
  CHECK(job.command(ProcessKind::main)->text == "m");
  CHECK(job.command(ProcessKind::pre_start)->text == "a");
  CHECK(job.command(ProcessKind::post_start)->text == "b");
  CHECK(job.command(ProcessKind::pre_stop)->text == "c");
  CHECK(job.command(ProcessKind::post_stop)->text == "d");
  CHECK_FALSE(job.command(ProcessKind::security));
}

TEST_CASE("manual drops a start on that came before, not one that follows") {
  CHECK(parsed("start on a\nmanual\n").start_on.empty());
  CHECK_FALSE(parsed("manual\nstart on a\n").start_on.empty());
}

TEST_CASE("a respawn limit does not switch respawn on") {
  const auto job = parsed("respawn limit 3 60\n");
  CHECK_FALSE(job.respawn);
  CHECK(job.respawn_limit == RespawnLimit{3, 60s});
  CHECK(parsed("respawn\nrespawn limit unlimited\n").respawn_limit == RespawnLimit{0, 0s});
  CHECK(said("respawn limit 3 x\n") == Lines{"1:17 Illegal interval, expected number of seconds"});
}

TEST_CASE("normal exits add up, statuses and signals with or without SIG") {
  CHECK(parsed("normal exit 0 TERM\nnormal exit SIGKILL 99\n").normal_exits ==
        std::vector<NormalExit>{{0, false}, {SIGTERM, true}, {SIGKILL, true}, {99, false}});
}

TEST_CASE("emits and exports add up") {
  const auto job = parsed("emits a b\nemits c\nexport A\nexport B C\nimport D E\ntmpfiles /x /y\n");
  CHECK(job.emits == Lines{"a", "b", "c"});
  CHECK(job.exports == Lines{"A", "B", "C"});
  CHECK(job.imports == Lines{"D", "E"});
  CHECK(job.tmpfiles == Lines{"/x", "/y"});
}

TEST_CASE("a later entry of a variable replaces the earlier one, with a value or without") {
  CHECK(parsed("env A=1\nenv B=2\nenv A=3\n").env == Lines{"A=3", "B=2"});
  CHECK(parsed("env A=1\nenv A\n").env == Lines{"A"});
  CHECK(parsed("env A\nenv AB=2\nenv A=1\n").env == Lines{"A=1", "AB=2"});
}

TEST_CASE("expect and console take one of a few words") {
  CHECK(parsed("expect stop\n").expect == Expect::stop);
  CHECK(parsed("expect fork\n").expect == Expect::fork);
  CHECK(parsed("expect daemon\n").expect == Expect::daemon);
  CHECK(parsed("expect fork\nexpect none\n").expect == Expect::none);
  CHECK(parsed("expect readyfd\n").expect == Expect::ready_fd);
  CHECK(parsed("expect notify\n").expect == Expect::notify);
  CHECK(parsed("console none\n").console == Console::none);
  CHECK(parsed("console log\n").console == Console::log);
  CHECK(parsed("console logged\n").console == Console::log);
  CHECK(parsed("console output\n").console == Console::output);
  CHECK(parsed("console owner\n").console == Console::owner);
}

TEST_CASE("signals are given by name or number") {
  const auto job = parsed("kill signal SIGINT\nreload signal USR1\nkill timeout 0\nexpect notify\nwatchdog 30\n");
  CHECK(job.watchdog == std::chrono::seconds{30});
  CHECK(job.kill_signal == SIGINT);
  CHECK(job.reload_signal == SIGUSR1);
  CHECK(job.kill_timeout == 0s);
  CHECK(parsed("kill signal 15\n").kill_signal == 15);
  CHECK(parsed("reload signal 0\n").reload_signal == 0);
  CHECK(said("kill signal 65\n") == Lines{"1:13 Illegal signal status, expected integer"});
  CHECK(said("kill signal SIGTREM\n") == Lines{"1:13 Illegal signal status, expected integer"});
}

TEST_CASE("numbers keep to their bounds") {
  CHECK(parsed("umask 022\n").umask == 022U);
  CHECK(parsed("umask 0777\n").umask == 0777U);
  CHECK(said("umask 1000\n").size() == 1);
  CHECK(parsed("nice -20\n").nice == -20);
  CHECK(parsed("nice 19\n").nice == 19);
  CHECK(said("nice 20\n").size() == 1);
  CHECK(said("nice 5x\n").size() == 1);
  CHECK(said("kill timeout 99999999999999999999\n").size() == 1);
  CHECK(said("kill timeout ''\n").size() == 1);
}

TEST_CASE("the older oom scale is stretched to the score") {
  CHECK(parsed("oom score -1000\n").oom_score_adjustment == -1000);
  CHECK(parsed("oom score never\n").oom_score_adjustment == -1000);
  CHECK(parsed("oom -17\n").oom_score_adjustment == -1000);
  CHECK(parsed("oom 15\n").oom_score_adjustment == 1000);
  CHECK(parsed("oom 0\n").oom_score_adjustment == 0);
  CHECK(parsed("oom never\n").oom_score_adjustment == -1000);
  CHECK(said("oom 16\n") == Lines{"1:5 Illegal oom adjustment, expected -16 to 15 or 'never'"});
  CHECK(said("oom score -1001\n") == Lines{"1:11 Illegal oom score adjustment, expected -999 to 1000 or 'never'"});
}

TEST_CASE("limits of different resources add up") {
  const auto job = parsed("limit nofile 10 20\nlimit core unlimited unlimited\nlimit nofile 30 40\n");
  CHECK(job.limits ==
        std::map<int, ResourceLimit>{{RLIMIT_NOFILE, {30, 40}},
                                     {RLIMIT_CORE, {ResourceLimit::unlimited, ResourceLimit::unlimited}}});
  for (const auto* resource : {"as", "core", "cpu", "data", "fsize", "memlock", "msgqueue", "nice", "nofile", "nproc",
                               "rss", "rtprio", "sigpending", "stack"})
    CHECK(parsed("limit " + std::string(resource) + " 1 2\n").limits.size() == 1);
}

TEST_CASE("control groups have a name, a setting, both or neither") {
  const auto groups = parsed("cgroup memory\ncgroup cpu name\ncgroup memory limit 5\ncgroup memory name limit "
                             "6\ncgroup memory name soft 7\n")
                          .control_groups;
  CHECK(groups == std::vector<ControlGroup>{{"memory", "", {{"limit", "5"}}},
                                            {"cpu", "name", {}},
                                            {"memory", "name", {{"limit", "6"}, {"soft", "7"}}}});
  CHECK(said("cgroup a b c d e\n") == Lines{"1:16 Unexpected token"});
}

TEST_CASE("where and as whom a process runs is kept as it is said") {
  const auto job = parsed(
      "chroot /a\nchdir /b\nsetuid u\nsetgid g\napparmor load /p\napparmor switch q\ndebug\ninstance $X\ntask\n");
  CHECK(job.chroot == "/a");
  CHECK(job.chdir == "/b");
  CHECK(job.setuid == "u");
  CHECK(job.setgid == "g");
  CHECK(job.apparmor_load == "/p");
  CHECK(job.apparmor_switch == "q");
  CHECK(job.debug);
  CHECK(job.instance == "$X");
  CHECK(job.task);
}

TEST_CASE("an override is parsed on top of its base") {
  const auto base = parsed("start on a\nexec x\nenv A=1\nenv B=2\nlimit core 1 2\nnormal exit 1\ndescription d\n");
  const auto job = parsed("env A=3\nenv C=4\nstart on b\nnormal exit 2\nscript\ny\nend script\n", Dialect::conf, &base);
  CHECK(job.env == Lines{"A=3", "B=2", "C=4"});
  CHECK(job.start_on.nodes.at(0).event == "b");
  CHECK(job.command(ProcessKind::main) == Command{"y\n", true});
  CHECK(job.normal_exits.size() == 2);
  CHECK(job.description == "d");
  CHECK(parsed("manual\n", Dialect::conf, &base).start_on.empty());
}

TEST_CASE("in event.d a job is a task unless it respawns or is a service") {
  CHECK(parsed("exec x\n", Dialect::event_d).task);
  CHECK_FALSE(parsed("exec x\nrespawn\n", Dialect::event_d).task);
  CHECK_FALSE(parsed("exec x\nservice\n", Dialect::event_d).task);
  CHECK(parsed("exec x\nrespawn\ntask\n", Dialect::event_d).task);
  CHECK(parsed("", Dialect::event_d).positional_parameters);
  CHECK_FALSE(parsed("").positional_parameters);
}

TEST_CASE("in event.d several expressions are joined with or") {
  const auto job = parsed("start on a\nstart on b X=1 and c\non d\nstop on e\nstop on f\n", Dialect::event_d);
  CHECK(print(job.start_on) == "a or (b X=1 and c) or d");
  CHECK(print(job.stop_on) == "e or f");
}

TEST_CASE("kill mode says whom a stop ends: all that the job has started, if it is not said") {
  CHECK(parsed("").kill_mode == KillMode::all);
  CHECK(parsed("kill mode all\n").kill_mode == KillMode::all);
  CHECK(parsed("kill mode group\n").kill_mode == KillMode::group);
  CHECK(parsed("kill mode process\n").kill_mode == KillMode::process);
  CHECK(said("kill mode\n") == Lines{"1:10 Expected token"});
  CHECK(said("kill mode mixed\n") == Lines{"1:11 Unknown stanza"});
  CHECK(said("kill mode all group\n") == Lines{"1:15 Unexpected token"});
  CHECK(print(parsed("kill mode process\n")) == "kill mode process\n");
}

TEST_CASE("event.d has the older names of some stanzas") {
  const auto job = parsed("start script\na\nend script\nstop script\nb\nend script\nconsole logged\nnormalexit 1 HUP\n"
                          "respawn /sbin/getty tty1\nrespawn limit 2 3\n",
                          Dialect::event_d);
  CHECK(job.command(ProcessKind::pre_start) == Command{"a\n", true});
  CHECK(job.command(ProcessKind::pre_stop) == Command{"b\n", true});
  CHECK(job.command(ProcessKind::main) == Command{"/sbin/getty tty1", false});
  CHECK(job.respawn);
  CHECK(job.respawn_limit == RespawnLimit{2, 3s});
  CHECK(job.normal_exits == std::vector<NormalExit>{{1, false}, {SIGHUP, true}});
}

TEST_CASE("the older names belong to event.d alone") {
  for (const auto* text : {"service\n", "on a\n", "normalexit 1\n", "start script\nend script\n", "respawn x\n"}) {
    CAPTURE(text);
    CHECK(said(text).size() == 1);
  }
}

TEST_CASE("the table has each stanza once, with its help") {
  std::set<std::string_view> names;
  for (const auto& stanza : stanzas()) {
    CHECK_MESSAGE(names.insert(stanza.name).second, std::string(stanza.name));
    CHECK_FALSE(stanza.help.empty());
    CHECK(stanza.parse != nullptr);
  }
}

TEST_CASE("every stanza is found by its words") {
  for (const auto& stanza : stanzas()) {
    CAPTURE(stanza.name);
    for (const auto dialect : {Dialect::conf, Dialect::event_d}) {
      if (!stanza.belongs_to(dialect)) continue;
      const StanzaFamily family(stanza.first_word(), dialect);
      CHECK((stanza.second_word().empty() ? family.alone() : family.with(stanza.second_word())) == &stanza);
    }
  }
}
