#include "clients/convert/services/services.hpp"
#include "clients/convert/testing/converted.hpp"

using namespace upstart::convert;
using namespace upstart::convert::testing;

namespace {
bool has(const Job& job, std::string_view text) { return body_of(job).contains(text); }
std::vector<Job> guessed(const std::string& path) { return jobs_of(convert({path}, nullptr)); }
} // namespace

TEST_CASE("programs of supervisord") {
  const Files files;
  auto jobs = guessed(files.add(
      "supervisord.conf",
      "[supervisord]\nlogfile=/x\n\n[program:web]\ncommand=/usr/bin/web --name %(program_name)s %(ENV_HOME)s ; here\n"
      "directory=/srv\nuser=www\nautorestart=unexpected\nexitcodes=0,2\nstopsignal=QUIT\n"
      "environment=A=\"1,2\",B='x'\nstdout_logfile=/var/log/web.log\nredirect_stderr=true\npriority=5\n"
      "frob=1\n"));
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].name == "web");
  CHECK(jobs[0].main == "/usr/bin/web --name web ${HOME} >>/var/log/web.log 2>&1");
  for (const auto* line : {"chdir /srv\n", "setuid www\n", "kill signal QUIT\n", "kill timeout 10\n", "respawn\n",
                           "normal exit 0 2\n", "env A=1,2\n", "env B=x\n"}) {
    CAPTURE(line);
    CHECK(has(jobs[0], line));
  }
  CHECK(is_missing(jobs[0], "supervisord.conf:14: priority=5"));
  CHECK(is_missing(jobs[0], "frob=1"));
}

TEST_CASE("the environment of a program of supervisord, quoted or not, whatever comes last") {
  const Files files;
  auto body = [&](const std::string& environment) {
    auto jobs = guessed(
        files.add("supervisord.conf", "[program:web]\ncommand=/usr/bin/web\nenvironment=" + environment + "\n"));
    REQUIRE(jobs.size() == 1);
    return body_of(jobs[0]);
  };
  CHECK(body("A=1,B=2").contains("env A=1\nenv B=2\n"));
  CHECK(body("A=1").contains("env A=1\n"));
  CHECK(body("A=").contains("env A=\"\"\n"));
  CHECK(body("A=\"x").contains("env A=x\n"));
  CHECK(body("A=\"x\",").contains("env A=x\n"));
  CHECK(body("A=1,\n  B=\"2\"").contains("env A=1\nenv B=2\n"));
}

TEST_CASE("a path with a blank is one argument, and what has a line break is told") {
  const Files files;
  auto programs = guessed(files.add(
      "supervisord.conf", "[program:web]\ncommand=/usr/bin/web\ndirectory=/srv/my app\numask=022\n  exec reboot\n"));
  REQUIRE(programs.size() == 1);
  CHECK(has(programs[0], "chdir \"/srv/my app\"\n"));
  CHECK_FALSE(has(programs[0], "umask"));
  CHECK(is_missing(programs[0], "a value in a job file cannot hold a line break"));
  auto processes = guessed(files.add("my shop/Procfile", "web: bin/web\n"));
  REQUIRE(processes.size() == 2);
  CHECK(has(processes[1], "/my shop\"\n"));
  files.add("my web/run", "#!/bin/sh\n");
  files.add("my web/type", "longrun\n");
  files.add("my web/down-signal", "TERM\nexec reboot\n");
  auto services = guessed(files.path("my web"));
  REQUIRE(services.size() == 1);
  CHECK(has(services[0], "/my web\"\n"));
  CHECK(is_missing(services[0], "down-signal"));
}

TEST_CASE("a Procfile is a job for all, and one for each line with a port of its own") {
  const Files files;
  files.add("shop/.env", "RACK_ENV=production\n# no\nexport KEY=\"a b\"\n");
  auto jobs = guessed(files.add("shop/Procfile", "web: bundle exec puma -p $PORT\n\nworker: bin/work\nwhat\n"));
  REQUIRE(jobs.size() == 3);
  CHECK(jobs[0].name == "shop");
  CHECK(is_missing(jobs[0], "Procfile:4: what: not NAME: COMMAND"));
  CHECK(jobs[1].name == "shop-web");
  for (const auto* line : {"start on starting shop\n", "stop on stopping shop\n", "env PORT=5000\n",
                           "env RACK_ENV=production\n", "env KEY=\"a b\"\n", "exec bundle exec puma -p $PORT\n"}) {
    CAPTURE(line);
    CHECK(has(jobs[1], line));
  }
  CHECK(has(jobs[2], "env PORT=5100\n"));
}

TEST_CASE("a line of a Procfile that is more than a program is a script") {
  const Files files;
  auto jobs = guessed(files.add("shop/Procfile", "web: A=1 B=2 prog\nclock: while sleep 1; do date; done\n"));
  REQUIRE(jobs.size() == 3);
  CHECK(has(jobs[1], "script\n  A=1 B=2 prog\nend script\n"));
  CHECK(has(jobs[2], "script\n  set +e\n  while sleep 1; do date; done\nend script\n"));
}

TEST_CASE("PORT of the file .env is the port of the first line of a Procfile, and the others count from it") {
  const Files files;
  files.add("shop/.env", "PORT=8000\n");
  auto jobs = guessed(files.add("shop/Procfile", "web: bin/web\nworker: bin/work\n"));
  REQUIRE(jobs.size() == 3);
  CHECK(has(jobs[1], "env PORT=8000\n"));
  CHECK(has(jobs[2], "env PORT=8100\n"));
}

TEST_CASE("a name that a Procfile has twice is told, and its second line is no job") {
  const Files files;
  auto jobs = guessed(files.add("shop/Procfile", "web: bin/a\nweb: bin/b\n"));
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[1].main == "bin/a");
  CHECK(is_missing(jobs[0], "Procfile:2: web: bin/b: line 1 has the name web, too; this line is left out"));
}

TEST_CASE("the lines of an inittab") {
  const Files files;
  auto all =
      convert({files.add("inittab", "id:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\n# no\n"
                                    "1:2345:respawn:/sbin/getty 38400 tty1\nca:12345:ctrlaltdel:/sbin/shutdown -r now\n"
                                    "x:2:frob:/bin/x\n")},
              nullptr);
  auto jobs = jobs_of(all);
  REQUIRE(all.size() == 5);
  REQUIRE(jobs.size() == 3);
  CHECK(all[0].failure.contains("rc-sysinit"));
  CHECK(has(jobs[0], "start on startup\n"));
  CHECK(has(jobs[0], "task\n"));
  CHECK(jobs[1].name == "inittab-1");
  CHECK(has(jobs[1], "start on runlevel [2345]\nstop on runlevel [!2345]\n\nrespawn\n"));
  CHECK(has(jobs[2], "start on control-alt-delete\n"));
  CHECK(all[4].failure == "inittab:6: frob is no action of inittab(5)");
}

TEST_CASE("an LSB header") {
  const Files files;
  auto jobs =
      guessed(files.add("web", "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: web\n# Required-Start: $network db\n"
                               "# Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n# Short-Description: A server\n"
                               "### END INIT INFO\n"));
  REQUIRE(jobs.size() == 1);
  CHECK(has(jobs[0], "description \"A server\"\n\nstart on runlevel [2345]\nstop on runlevel [!2345]\n"));
  CHECK(has(jobs[0], "web start\nend script\n"));
  CHECK(is_missing(jobs[0], "web:4: Required-Start: $network db"));
}

TEST_CASE("service directories of runit and s6") {
  const Files files;
  files.add("runit/web/run", "#!/bin/sh\n");
  files.add("runit/web/finish", "#!/bin/sh\n");
  files.add("runit/web/down", "");
  files.add("runit/web/log/run", "");
  auto runit = guessed(files.path("runit/web"));
  REQUIRE(runit.size() == 1);
  CHECK(runit[0].starts.empty());
  CHECK(runit[0].main == "./run");
  CHECK(has(runit[0], "web/finish \"$status\" 0 || :\n"));
  CHECK(is_missing(runit[0], "log/"));
  files.add("s6/db/run", "#!/bin/sh\n");
  files.add("s6/db/type", "longrun\n");
  files.add("s6/db/notification-fd", "3\n");
  files.add("s6/db/timeout-kill", "2500\n");
  files.add("s6/db/dependencies.d/disk", "");
  auto s6 = guessed(files.path("s6/db"));
  REQUIRE(s6.size() == 1);
  for (const auto* line :
       {"start on started disk\n", "expect readyfd\n", "kill timeout 3\n", "eval \"exec 3>&$READY_FD\"\n"}) {
    CAPTURE(line);
    CHECK(has(s6[0], line));
  }
}

TEST_CASE("a file that nobody knows is told, and so is one that is not there") {
  const Files files;
  CHECK(convert({files.add("x", "y")}, nullptr).at(0).failure.contains("say it before the files"));
  CHECK(convert({files.path("nothing")}, nullptr).at(0).failure == "No such file or directory");
}
