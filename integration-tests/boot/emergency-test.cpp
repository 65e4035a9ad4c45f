// What goes wrong when a machine boots, and how it can be repaired: process 1 says what the matter is, gives whoever
// stands before the console a shell, and goes on.
#include "integration-tests/boot/machine.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

using namespace upstart::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* witness = "start on startup\ntask\nexec sh -c 'echo ran >>/ran'\n";

void await_on_console(Machine& machine, const std::string& text) {
  machine.await("\"" + text + "\" on the console", [&] { return machine.console().contains(text); });
}

// Past the question for root's password, which is empty, into the shell.
void enter_shell(Machine& machine) {
  await_on_console(machine, "Press Enter");
  machine.await("the prompt of the shell", [&] { // what is typed while it is made is lost
    if (machine.console().contains("# ")) return true;
    machine.type("\n");
    return false;
  });
}

void await_normal(Machine& machine) {
  machine.await_text("/ran", "ran\n");
  machine.await_answers();
}

void await_another_supervisor(Machine& machine, pid_t before) {
  machine.await("another supervisor", [&] {
    auto now = machine.daemon("upstart-job-supervisor");
    return now != 0 && now != before;
  });
  machine.await_answers();
}

// Its path; "" if it is not found.
std::string library_of_dbus() {
  for (const auto& directory : fs::directory_iterator{"/usr/lib"}) {
    auto path = directory.path() / "libsdbus-c++.so.2";
    std::error_code error;
    if (directory.is_directory(error) && fs::exists(path, error)) return path;
  }
  return {};
}

// Repairs by a command that is typed, and lets init go on.
void repair(Machine& machine, const std::string& command) {
  enter_shell(machine);
  machine.type(command + "; sleep 0.5; exit\n");
}

} // namespace

TEST_CASE("programs of init that are missing are told on the console and in the kernel log; with them it goes on") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"witness", witness}}, .outside = [](const std::string& root) {
                     fs::rename(root + "/upstart/upstart-event-broker", root + "/upstart/put-away");
                   }}};
  await_on_console(machine, "unable to find the program upstart-event-broker");
  CHECK(machine.kernel_log().contains("<2>init: unable to find the program upstart-event-broker"));
  repair(machine, "mv /upstart/put-away /upstart/upstart-event-broker");
  await_normal(machine);
}

TEST_CASE("a daemon that cannot run gives a shell while init goes on trying") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"witness", witness}}, .outside = [](const std::string& root) {
                     fs::rename(root + "/upstart/upstart-job-supervisor", root + "/upstart/put-away");
                     fs::copy_file("/bin/false", root + "/upstart/upstart-job-supervisor");
                   }}};
  await_on_console(machine, "upstart-job-supervisor keeps ending");
  CHECK(machine.kernel_log().contains("<2>init: upstart-job-supervisor keeps ending"));
  repair(machine, "mv -f /upstart/put-away /upstart/upstart-job-supervisor");
  await_normal(machine);
}

TEST_CASE("a full /run gives a shell") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"witness", witness}},
                   .inside = [] { return ::mount("run", "/run", "tmpfs", 0, "size=4k,nr_inodes=2") == 0; }}};
  await_on_console(machine, "No space left on device");
  repair(machine, "mount -o remount,size=10m,nr_inodes=1000 /run");
  await_normal(machine);
}

TEST_CASE("a machine whose root cannot be written to and that has no /run gives a shell, from which that is repaired") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{
      {.jobs = {{"witness", witness}},
       .outside = [](const std::string& root) { fs::remove(root + "/run"); },
       .inside = [] { return ::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0; }}};
  await_on_console(machine, "a shell follows");
  CHECK(machine.kernel_log().contains("unable to mount tmpfs on /run"));
  repair(machine, "mount -o remount,bind,rw / && mkdir /run");
  await_normal(machine);
}

TEST_CASE("daemons whose library of D-Bus cannot be loaded give a shell, and run when it can be again") {
  SKIP_WITHOUT_MACHINES();
  static const auto library = library_of_dbus();
  REQUIRE(!library.empty());
  Machine machine{{.jobs = {{"witness", witness}}, .files = {{"/damaged", "no library\n"}}, .inside = [] {
                     return ::mount("/damaged", library.c_str(), nullptr, MS_BIND, nullptr) == 0;
                   }}};
  await_on_console(machine, "keeps ending, and nothing works without it"); // the broker or the supervisor
  CHECK(machine.kernel_log().contains("error while loading shared libraries"));
  CHECK(machine.console().contains("a shell follows"));
  repair(machine, "umount " + library);
  await_normal(machine);
}

TEST_CASE("a machine without sulogin has a plain shell on its console") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.files = {{"/nothing", ""}},
                   .outside = [](const std::string& root) { fs::remove(root + "/etc/init"); },
                   .inside = [] { return ::mount("/nothing", "/usr/sbin/sulogin", nullptr, MS_BIND, nullptr) == 0; }}};
  await_on_console(machine, "there is no job file in /etc/init");
  await_on_console(machine, "# ");
  CHECK_FALSE(machine.console().contains("Press Enter"));
  machine.type("mkdir /etc/init; echo 'start on startup' >/etc/init/a.conf; sleep 0.5; exit\n");
  machine.await("the job runs", [&] { return machine.initctl({"status", "a"}).out == "a start/running\n"; });
}

TEST_CASE("without any job file nothing would ever happen: there is a shell, and after it init goes on as it is") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.outside = [](const std::string& root) { fs::remove(root + "/etc/init"); }}};
  await_on_console(machine, "there is no job file in /etc/init");
  repair(machine, "mkdir /etc/init; echo 'start on startup' >/etc/init/a.conf");
  machine.await("the job runs", [&] { return machine.initctl({"status", "a"}).out == "a start/running\n"; });
}

TEST_CASE("a crash of init is survived: the jobs run on, and it is the same process") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"witness", witness}, {"svc", "start on startup\nexec sleep 1000\n"}}}};
  await_normal(machine);
  auto job = machine.main_process("svc");
  auto supervisor = machine.daemon("upstart-job-supervisor");
  machine.signal(SIGSEGV);
  machine.await_text("/kmsg", "<2>init: critical: crashed by signal 11");
  await_another_supervisor(machine, supervisor);
  CHECK(machine.main_process("svc") == job);
  CHECK(machine.read("/ran") == "ran\n"); // startup was not emitted again
  CHECK(machine.initctl({"stop", "svc"}).out == "svc stop/waiting\n");
}

TEST_CASE("a job whose program is called like a daemon of init outlives init's crash") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"witness", witness}, {"svc", "start on startup\nexec /upstart-sleeper 1000\n"}},
                   .outside = [](const std::string& root) { fs::copy_file("/bin/sleep", root + "/upstart-sleeper"); }}};
  await_normal(machine);
  auto job = machine.main_process("svc");
  REQUIRE(!job.empty());
  for (bool crash : {false, true}) { // a supervisor of before has left it to init
    auto supervisor = machine.daemon("upstart-job-supervisor");
    REQUIRE(supervisor > 0);
    if (crash) machine.signal(SIGSEGV);
    else CHECK(machine.shell("kill -KILL " + std::to_string(supervisor)).status == 0);
    await_another_supervisor(machine, supervisor);
  }
  CHECK(machine.shell("kill -0 " + job).status == 0);
  CHECK(machine.main_process("svc") == job);
}

TEST_CASE("where init crashes again and again there is a shell, and how jobs end meanwhile is known after it") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"witness", witness}, {"svc", "start on startup\nexec sleep 1000\n"}}}};
  await_normal(machine);
  machine.await("svc runs", [&] { return !machine.main_process("svc").empty(); });
  auto job = machine.main_process("svc");
  for (int crash = 1; crash <= 2; ++crash) {
    auto supervisor = machine.daemon("upstart-job-supervisor");
    machine.signal(SIGSEGV);
    await_another_supervisor(machine, supervisor);
  }
  machine.signal(SIGSEGV);
  await_on_console(machine, "init has crashed 3 times in a row");
  repair(machine, "kill -KILL " + job);
  machine.await_answers();
  machine.await("svc has ended", [&] { return machine.initctl({"status", "svc"}).out == "svc stop/waiting\n"; });
  CHECK(machine.kernel_log().contains("svc main process (" + job + ") killed by KILL signal"));
}

TEST_CASE("what a machine has not mounted is mounted, and its devices are made") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{
      {.jobs = {{"witness", witness}}, .outside = [](const std::string& root) { fs::remove(root + "/run"); }}};
  await_normal(machine);
  auto mounts = machine.shell("cat /proc/mounts").out;
  for (const char* mounted : {" /proc proc ", " /sys sysfs ", " /dev tmpfs ", " /dev/pts devpts ", " /run tmpfs "})
    CHECK(mounts.contains(mounted));
  CHECK(machine.shell("echo x >/dev/null; head -c 1 /dev/zero | wc -c; head -c 1 /dev/urandom | wc -c").out ==
        "1\n1\n");
  CHECK(machine.shell("readlink /dev/fd; stat -c %F,%a,%t:%T /dev/tty /dev/full").out ==
        "/proc/self/fd\ncharacter special file,666,5:0\ncharacter special file,666,1:7\n");
}

TEST_CASE("jobs of a machine have PATH and TERM and nothing else of init's environment") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"env", "start on startup\ntask\nexec env\n"}}, .environment = {{"splash", "1"}}}};
  machine.await("the job has run", [&] { return machine.read("/var/log/upstart/env.log").contains("UPSTART_EVENTS"); });
  auto environment = machine.read("/var/log/upstart/env.log");
  CHECK(environment.contains("PATH=/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin\n"));
  CHECK(environment.contains("TERM=linux\n"));
  CHECK_FALSE(environment.contains("splash"));
}

TEST_CASE("words that are not options of init do not keep a machine from booting") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"witness", witness}}, .init_options = {"splash", "--bogus", "--help", "-z", "--logdir"}}};
  await_normal(machine);
}

TEST_CASE("the signals of the kernel are events") {
  SKIP_WITHOUT_MACHINES();
  std::map<std::string, std::string> jobs{{"witness", witness}};
  for (const char* event : {"control-alt-delete", "keyboard-request", "power-status-changed"})
    jobs[event] = std::string{"start on "} + event + "\ntask\nexec sh -c 'echo ran >/" + event + "'\n";
  Machine machine{{.jobs = jobs}};
  await_normal(machine);
  for (const auto& [signal, event] :
       {std::pair{SIGINT, "control-alt-delete"}, {SIGWINCH, "keyboard-request"}, {SIGPWR, "power-status-changed"}}) {
    machine.signal(signal);
    machine.await_text(std::string{"/"} + event, "ran\n");
  }
  machine.write("/etc/init/new.conf", "exec sleep 1000\n");
  machine.signal(SIGHUP);
  machine.await("the new job is known", [&] { return machine.initctl({"status", "new"}).out == "new stop/waiting\n"; });
}

TEST_CASE("messages go to syslog as soon as it is there") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"witness", witness}, {"bad", "exec true\n"}}}};
  await_normal(machine);
  CHECK(machine.shell("which python3").status == 0);
  auto heard =
      machine.shell("python3 - <<'X'\n"
                    "import os, signal, socket\n"
                    "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind('/dev/log'); s.settimeout(10)\n"
                    "open('/etc/init/bad.conf', 'w').write('frob\\n'); os.kill(1, signal.SIGHUP)\n"
                    "print(s.recv(1000).decode())\nX\n");
  CHECK(heard.out.contains("job-supervisor["));
  CHECK(heard.out.contains("bad.conf:1"));
}
