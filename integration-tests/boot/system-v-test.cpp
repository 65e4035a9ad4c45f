// A whole system of System V scripts and the jobs that are shipped: it boots, goes through runlevels, and down.
//
// Every script, and the witnesses that stand for logins, append what they are told to /ran; the test compares the whole
// of it.
#include "integration-tests/boot/machine.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <format>
#include <fstream>

using namespace upstart::test;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

std::string script(const std::string& name) {
  return std::format("#!/bin/sh\n### BEGIN INIT INFO\n# Provides: {0}\n# Required-Start:\n# Required-Stop:\n"
                     "# Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n### END INIT INFO\n"
                     "case $1 in\n  start) touch /var/run/{0} ;;\n  stop) rm -f /var/run/{0} ;;\n"
                     "  status) test -e /var/run/{0} || exit 3; exit 0 ;;\n  *) exit 2 ;;\nesac\n"
                     "echo \"{0} $1 $RUNLEVEL $PREVLEVEL\" >>/ran\n",
                     name);
}

// A name for each script, and the links to it.
const std::map<std::string, std::vector<std::string>> scripts{
    {"mounts", {"rcS.d/S10mounts"}},
    {"hostname", {"rcS.d/S02hostname"}},
    {"log", {"rc2.d/S10log", "rc3.d/S10log", "rc1.d/K90log", "rc0.d/K90log", "rc6.d/K90log"}},
    {"db", {"rc2.d/K80db", "rc3.d/S20db", "rc1.d/K20db", "rc0.d/K20db", "rc6.d/K20db"}},
    {"web", {"rc2.d/S91web", "rc3.d/S91web", "rc1.d/K09web", "rc0.d/K09web", "rc6.d/K09web"}},
};

const std::string witness = "start on stopped rc RUNLEVEL=[2345]\nstop on runlevel [!2345]\n"
                            "script\n  echo \"login $RUNLEVEL\" >>/ran\n  exec sleep 1000\nend script\n"
                            "post-stop exec sh -c 'echo logout >>/ran'\n";

void lay_out(const std::string& root) {
  for (const auto& job : fs::directory_iterator{SHIPPED_JOBS})
    if (job.path().extension() == ".conf")
      fs::copy_file(job.path(), root + "/etc/init/" + job.path().filename().native());
  for (const char* job : {"ttys", "console"}) fs::remove(std::format("{}/etc/init/{}.conf", root, job));
  for (const char* records : {"/var/run/utmp", "/var/log/wtmp", "/ran"}) std::ofstream{root + records}.flush();
  for (const auto& [name, links] : scripts)
    for (const auto& link : links) {
      fs::create_directories(fs::path{root + "/etc/" + link}.parent_path());
      fs::create_symlink("../init.d/" + name, root + "/etc/" + link);
    }
}

struct System {
  explicit System(const std::string& kernel_words = "quiet", std::map<std::string, std::string> files = {})
      : machine{options(kernel_words, std::move(files))} {}

  static Machine::Options options(const std::string& kernel_words, std::map<std::string, std::string> files) {
    files["/cmdline"] = kernel_words + "\n";
    for (const auto& [name, links] : scripts) files["/etc/init.d/" + name] = script(name);
    return {.jobs = {{"login", witness}}, .files = std::move(files), .outside = lay_out, .inside = [] {
              // where jobs look first
              return ::mount("/upstart", "/usr/local/sbin", nullptr, MS_BIND, nullptr) == 0 &&
                     ::mount("proc", "/proc", "proc", 0, nullptr) == 0 &&
                     ::mount("/cmdline", "/proc/cmdline", nullptr, MS_BIND, nullptr) == 0;
            }};
  }
  // What has been run since the last time that was asked, once it ends like this.
  std::string ran_until(const std::string& end) {
    machine.await("/ran ends with " + end, [&] { return machine.read("/ran").substr(seen_).ends_with(end + "\n"); });
    return ran();
  }
  std::string ran() {
    auto text = machine.read("/ran").substr(seen_);
    seen_ += text.size();
    return text;
  }
  int end_signal() {
    auto status = machine.await_down();
    return status && WIFSIGNALED(*status) ? WTERMSIG(*status) : 0;
  }

  Machine machine;

private:
  std::size_t seen_ = 0;
};

} // namespace

TEST_CASE("a system boots from scripts and jobs, goes through runlevels, and reboots, in the order of its scripts") {
  SKIP_WITHOUT_MACHINES();
  const auto begin = Clock::now();
  System system;
  auto& machine = system.machine;
  CHECK(system.ran_until("login 2") == "hostname start S N\nmounts start S N\n"
                                       "db stop 2 N\nlog start 2 N\nweb start 2 N\nlogin 2\n");
  CHECK(machine.run({"runlevel"}).out == "N 2\n");
  // Of a file with that name who(1) may believe systemd instead, as Debian 13's does.
  CHECK(machine.run({"cp", "/var/run/utmp", "/utmp"}).status == 0);
  CHECK(machine.run({"who", "-r", "/utmp"}).out.contains("run-level 2"));

  CHECK(machine.run({"telinit", "3"}).status == 0);
  CHECK(system.ran_until("db start 3 2") == "db start 3 2\n"); // the others run already, so does the login
  CHECK(machine.run({"init", "2"}).status == 0);
  CHECK(system.ran_until("db stop 2 3") == "db stop 2 3\n");
  CHECK(machine.run({"runlevel"}).out == "3 2\n");

  CHECK(machine.run({"shutdown", "-r", "now"}).status == 0);
  CHECK(system.end_signal() == SIGHUP);
  auto down = system.ran();
  CHECK(down.contains("logout\n"));
  down.erase(down.find("logout\n"), sizeof "logout\n" - 1); // at the same time as the scripts
  CHECK(down == "web stop 6 2\ndb stop 6 2\nlog stop 6 2\n");
  auto history = machine.root() + "/var/log/wtmp";
  CHECK(fs::file_size(history) / 384 == 6); // boot, four runlevels, shutdown
  auto took = std::chrono::duration<double>{Clock::now() - begin}.count();
  MESSAGE("boot, two changes of the runlevel and reboot took " << took << " s; five are the aim");
}

TEST_CASE("what no script and no job stops is told to end before the machine goes down") {
  SKIP_WITHOUT_MACHINES();
  auto left = "#!/bin/sh\nsetsid sh -c 'trap \"echo told >>/ran; exit\" TERM; echo there >>/ran; while :; do sleep "
              "0.1; done' &\n";
  System system{"quiet", {{"/etc/rc2.d/S95left", left}}};
  system.machine.await_text("/ran", "there\n");
  system.machine.await_text("/ran", "login 2\n");
  CHECK(system.machine.run({"reboot"}).status == 0);
  CHECK(system.end_signal() == SIGHUP);
  CHECK(system.machine.read("/ran").contains("told\n"));
}

TEST_CASE("a system halts or switches the power off as it is told, and reboots at Control-Alt-Delete") {
  SKIP_WITHOUT_MACHINES();
  System system{"5"};
  auto& machine = system.machine;
  CHECK(system.ran_until("login 5").contains("hostname start S N\n")); // there are no scripts of runlevel 5
  SUBCASE("poweroff") {
    CHECK(machine.run({"poweroff"}).status == 0);
    CHECK(system.end_signal() == SIGINT);
  }
  SUBCASE("the keys") {
    machine.signal(SIGINT);
    CHECK(system.end_signal() == SIGHUP);
  }
  SUBCASE("at once") {
    (void)machine.run({"halt", "-f"}); // it is killed with the machine
    CHECK(system.end_signal() == SIGINT);
  }
}

TEST_CASE("the shell for one user goes on to the default runlevel when it ends") {
  SKIP_WITHOUT_MACHINES();
  System system{"single",
                {{"/etc/inittab", "# System V\nid:3:initdefault:\n"},
                 {"/upstart/sulogin", "#!/bin/sh\necho sulogin >>/ran; read word; echo $word >>/ran\n"}}};
  CHECK(system.ran_until("sulogin") == "hostname start S N\nmounts start S N\nsulogin\n");
  CHECK(system.machine.run({"runlevel"}).out == "N S\n");
  system.machine.type("leave\n");
  CHECK(system.ran_until("login 3") == "leave\nlog start 3 N\ndb start 3 N\nweb start 3 N\nlogin 3\n");
}

TEST_CASE("a System V service of the system is seen and reached by initctl") {
  SKIP_WITHOUT_MACHINES();
  System system;
  system.ran_until("login 2");
  CHECK(system.machine.initctl({"status", "web"}).out == "web start/running, System V script /etc/init.d/web\n");
  CHECK(system.machine.initctl({"stop", "web"}).out == "web stop/waiting, System V script /etc/init.d/web\n");
  CHECK(system.machine.initctl({"list", "--all"}).out.contains("db stop/waiting, System V script /etc/init.d/db\n"));
}

TEST_CASE("a system's own runner and initialization come before those of Upstart") {
  SKIP_WITHOUT_MACHINES();
  System system{"quiet",
                {{"/etc/init.d/rc", "#!/bin/sh\necho \"own $1 $PREVLEVEL\" >>/ran\n"},
                 {"/etc/init.d/rcS", "#!/bin/sh\necho own rcS >>/ran\nexit 1\n"}}};
  CHECK(system.ran_until("login 2") == "own rcS\nown 2 N\nlogin 2\n");
}

TEST_CASE("a system with /etc/event.d boots from the jobs of the old dialect, whose conditions match by position") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {},
                   .files = {{"/etc/rc.d/rc", "#!/bin/sh\necho \"rc $1 $RUNLEVEL $PREVLEVEL\" >>/ran\n"},
                             {"/etc/inittab", "id:5:initdefault:\n"},
                             {"/etc/event.d/five", "start on runlevel 5\nstop on runlevel [!5]\nservice\n"
                                                   "exec sh -c 'echo five >>/ran; exec sleep 1000'\n"},
                             {"/etc/event.d/after", "start on stopped rc3\nexec sh -c 'echo after >>/ran'\n"}},
                   .outside =
                       [](const std::string& root) {
                         for (const auto& job : fs::directory_iterator{SHIPPED_JOBS "/event.d"})
                           fs::copy_file(job.path(), root + "/etc/event.d/" + job.path().filename().native());
                         std::ofstream{root + "/var/run/utmp"}.flush();
                       },
                   .inside = [] { return ::mount("/upstart", "/usr/local/sbin", nullptr, MS_BIND, nullptr) == 0; }}};
  machine.await_text("/ran", "rc S S N\n");
  machine.await_text("/ran", "rc 5 5 N\n");
  machine.await_text("/ran", "five\n");
  CHECK(machine.run({"runlevel"}).out == "N 5\n");
  CHECK(machine.run({"telinit", "3"}).status == 0);
  machine.await_text("/ran", "rc 3 3 5\nafter\n");
  CHECK(machine.initctl({"status", "five"}).out == "five stop/waiting\n");
}

TEST_CASE("terminals that are there have logins from runlevel 2 to 5, and are added by hand") {
  SKIP_WITHOUT_MACHINES();
  auto options =
      System::options("quiet", {{"/upstart/agetty", "#!/bin/sh\necho \"agetty $* $TTY\" >>/ran\nexec sleep 1000\n"}});
  options.jobs.clear();
  options.outside = [](const std::string& root) {
    lay_out(root);
    fs::copy_file(SHIPPED_JOBS "/ttys.conf", root + "/etc/init/ttys.conf");
  };
  options.inside = [mount = options.inside] {
    for (unsigned minor : {1U, 3U, 8U})
      if (::mknod(std::format("/dev/tty{}", minor).c_str(), S_IFCHR | 0600, ::makedev(4, minor)) < 0) return false;
    return mount();
  };
  Machine machine{std::move(options)};
  machine.await_text("/ran", "agetty --noclear tty1 38400 linux tty1\n");
  machine.await_text("/ran", "agetty --noclear tty3 38400 linux tty3\n");
  CHECK(machine.initctl({"start", "tty", "TTY=tty8"}).out.starts_with("tty (tty8) start/running, process "));
  CHECK(machine.run({"telinit", "3"}).status == 0);
  machine.await_text("/ran", "db start 3 2\n");
  machine.await("ttys has ended", [&] { return machine.initctl({"status", "ttys"}).out == "ttys stop/waiting\n"; });
  auto list = machine.initctl({"list"}).out;
  for (const char* terminal : {"tty1", "tty3", "tty8"})
    CHECK_MESSAGE(list.contains(std::format("tty ({}) start/running", terminal)), list);
  CHECK(!list.contains("tty2"));
  CHECK(machine.run({"telinit", "1"}).status == 0);
  machine.await("no login is left", [&] { return !machine.initctl({"list"}).out.contains("tty (tty"); });
}
