#include "clients/convert/services/services.hpp"
#include "clients/convert/testing/converted.hpp"

#include <filesystem>
#include <format>

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
  CHECK(has(jobs[0],
            "exec setpriv --reuid=www --regid=\"$(id -g www)\" --init-groups -- /usr/bin/web --name web ${HOME} "
            ">>/var/log/web.log 2>&1\n")); // supervisord opens the log as root
  for (const auto* line : {"chdir /srv\n", "kill signal QUIT\n", "kill timeout 10\n", "respawn\n", "normal exit 0 2\n",
                           "env A=1,2\n", "env B=x\n"}) {
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

TEST_CASE("a command of supervisord is divided into words as shlex does it, and no shell expands them") {
  const Files files;
  auto main_of = [&](const std::string& command) {
    auto jobs = guessed(files.add("supervisord.conf", "[program:web]\ncommand=" + command + "\n"));
    REQUIRE(jobs.size() == 1);
    return jobs[0].main;
  };
  CHECK(main_of("/bin/x --a\n  --b\n  --c") == "/bin/x --a --b --c");
  CHECK(main_of("/bin/x $HOME *.c ~ `id`") == "/bin/x '$HOME' '*.c' '~' '`id`'");
  CHECK(main_of("/bin/x 'a b' \"c\\\"d\\e\" f\\ g") == "/bin/x 'a b' 'c\"d\\e' 'f g'");
  CHECK(main_of("/bin/sh -c 'a && b > c'") == "/bin/sh -c 'a && b > c'");
  CHECK(main_of("/bin/x %(ENV_A)s --b=%(ENV_B)s$c 100%%") == "/bin/x ${A} \"--b=${B}\\$c\" 100%");
  CHECK(main_of("/bin/x %(process_num)02d") == "/bin/x 0");
  auto wrong = convert({files.add("wrong.conf", "[program:web]\ncommand=/bin/x 'a\n")}, nullptr);
  CHECK(wrong.at(0).failure == "a quote in command= is not closed");
}

TEST_CASE("%(here)s of supervisord is the whole path of the directory, and an unknown name is told") {
  const Files files;
  auto path = files.add("supervisord.conf", "[program:web]\ncommand=%(here)s/x %(frob)s\n");
  auto relative = std::filesystem::relative(path).string();
  auto jobs = guessed(relative);
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].main.starts_with(std::filesystem::weakly_canonical(files.path()).string() + "/x"));
  CHECK(is_missing(jobs[0], "%(frob) has no counterpart"));
}

TEST_CASE("what is true for supervisord is so in every case, and what is neither is told") {
  const Files files;
  auto job_with = [&](const std::string& lines) {
    auto jobs = guessed(files.add("supervisord.conf", "[program:web]\ncommand=/bin/x\n" + lines));
    REQUIRE(jobs.size() == 1);
    return jobs[0];
  };
  for (const char* no : {"False", "no", "OFF", "0"}) {
    CAPTURE(no);
    CHECK(job_with(std::format("autostart={}\n", no)).starts.empty());
    CHECK_FALSE(has(job_with(std::format("autorestart={}\n", no)), "respawn"));
  }
  for (const char* yes : {"True", "yes", "ON", "1"}) {
    CAPTURE(yes);
    CHECK_FALSE(has(job_with(std::format("autorestart={}\n", yes)), "normal exit"));
    CHECK(has(job_with(std::format("redirect_stderr={}\nstdout_logfile=/x\n", yes)), "/bin/x >>/x 2>&1\n"));
  }
  for (const char* option : {"autostart", "autorestart", "redirect_stderr"})
    CHECK(is_missing(job_with(std::format("{}=perhaps\n", option)), std::format("{}=perhaps", option)));
}

TEST_CASE("the processes of a program of supervisord are counted from numprocs_start") {
  const Files files;
  auto jobs = guessed(files.add("supervisord.conf", "[program:web]\ncommand=/bin/x %(process_num)s %(process_num)02d\n"
                                                    "numprocs=3\nnumprocs_start=5\n"));
  REQUIRE(jobs.size() == 1);
  CHECK(is_missing(jobs[0], "start each by `initctl start web NUMBER=5' and so on, up to NUMBER=7"));
  CHECK(jobs[0].main == "/bin/x ${UPSTART_INSTANCE} $(printf %02d \"${UPSTART_INSTANCE}\")");
}

TEST_CASE("programs have the environment and the user of supervisord, and its own outputs are the console") {
  const Files files;
  auto all = convert(
      {files.add("supervisord.conf", "[program:a]\ncommand=/bin/a\nstdout_logfile=/dev/stdout\nenvironment=B=3\n\n"
                                     "[program:b]\ncommand=/bin/b\nuser=db\nstderr_logfile=/dev/stderr\n\n"
                                     "[supervisord]\nenvironment=A=1,B=2\nuser=www\n")},
      nullptr);
  auto jobs = jobs_of(all);
  REQUIRE(jobs.size() == 2);
  CHECK(has(jobs[0], "console output\n"));
  CHECK(has(jobs[0], "setuid www\n"));
  CHECK(has(jobs[0], "env A=1\nenv B=3\n\nexec /bin/a\n"));
  CHECK(has(jobs[1], "setuid db\n"));
  CHECK_FALSE(has(jobs[1], "setuid www\n"));
  CHECK(has(jobs[1], "console output\n"));
  CHECK(has(jobs[1], "env A=1\nenv B=2\n\nexec /bin/b\n"));
  CHECK(all[2].failure.empty());
  CHECK(all[2].no_need == "it is about supervisord itself");
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
  CHECK(all[0].no_need.contains("rc-sysinit"));
  CHECK(has(jobs[0], "start on startup\n"));
  CHECK(has(jobs[0], "task\n"));
  CHECK(jobs[1].name == "inittab-1");
  CHECK(has(jobs[1], "start on runlevel [2345]\nstop on runlevel [!2345]\n\nrespawn\n"));
  CHECK(has(jobs[2], "start on control-alt-delete\n"));
  CHECK(all[4].source.ends_with("/inittab:6"));
  CHECK(all[4].failure == "frob is no action of inittab(5)");
}

TEST_CASE("a line of an inittab that is off needs no job, and one that is more than a program is a script") {
  const Files files;
  auto all = convert({files.add("inittab", "a:2:off:/bin/x\nb:2:once:cd /tmp && /bin/y\n")}, nullptr);
  auto jobs = jobs_of(all);
  REQUIRE(all.size() == 2);
  REQUIRE(jobs.size() == 1);
  CHECK(all[0].failure.empty());
  CHECK(all[0].no_need == "it is off");
  CHECK(has(jobs[0], "script\n  cd /tmp && /bin/y\nend script\n"));
}

TEST_CASE("of a failing power supply the event says that something has changed, and an inittab more") {
  const Files files;
  auto jobs = guessed(files.add("inittab", "f::powerfail:/bin/f\nw::powerwait:/bin/w\no::powerokwait:/bin/o\n"
                                           "n::powerfailnow:/bin/n\n"));
  REQUIRE(jobs.size() == 4);
  for (const auto& job : jobs) {
    CAPTURE(job.name);
    CHECK_FALSE(has(job, "PWRSTAT"));
    CHECK_FALSE(job.is_whole());
  }
  CHECK(jobs[0].starts == std::vector<std::string>{"power-status-changed"});
  CHECK(jobs[1].starts == std::vector<std::string>{"power-status-changed"});
  CHECK(jobs[2].starts.empty());
  CHECK(is_missing(jobs[3], "inittab:4: powerfailnow: no event tells that the power is low"));
}

TEST_CASE("the jobs of a session start with it, end with it, and have its user") {
  const Files files;
  auto of_session = [&](const std::string& path) { return jobs_of(convert({path}, nullptr, Whose::sessions)); };
  auto processes = of_session(files.add("shop/Procfile", "web: bin/web\n"));
  REQUIRE(processes.size() == 2);
  CHECK(has(processes[0], "start on startup\nstop on session-end\n"));
  auto programs = of_session(files.add("supervisord.conf", "[program:web]\ncommand=/bin/x\nuser=www\n"));
  REQUIRE(programs.size() == 1);
  CHECK_FALSE(has(programs[0], "setuid"));
  CHECK(is_missing(programs[0], "setuid www: the jobs of a session are its user's"));
  auto logged = of_session(files.add("b.conf", "[program:web]\ncommand=/bin/x\nuser=www\nstdout_logfile=/f\n"));
  REQUIRE(logged.size() == 1);
  CHECK(has(logged[0], "exec /bin/x >>/f\n"));
  CHECK(is_missing(logged[0], "setpriv --reuid=www"));
  auto units = of_session(files.add("a.service", "[Service]\nExecStart=/bin/x\nExecStartPre=+/bin/y\nUser=www\n"
                                                 "[Install]\nWantedBy=multi-user.target\n"));
  REQUIRE(units.size() == 1);
  CHECK(has(units[0], "start on startup\nstop on session-end\n"));
  CHECK_FALSE(has(units[0], "setpriv"));
  CHECK(is_missing(units[0], "User=www"));
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
