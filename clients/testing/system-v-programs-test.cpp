// The System V tools as whole programs, with an init daemon and a machine of the test's own.
#include "clients/initctl/testing/fake-upstart.hpp"
#include "clients/reboot/reboot.hpp"
#include "clients/runlevel/runlevel.hpp"
#include "clients/shutdown/shutdown.hpp"
#include "clients/system-v/login-records.hpp"
#include "clients/system-v/testing/system-fixture.hpp"
#include "clients/telinit/telinit.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <doctest/doctest.h>

#include <poll.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <format>
#include <fstream>
#include <thread>

using namespace upstart::client;
using Words = std::vector<std::string>;

namespace {

struct FakeMachine : Machine {
  void sync() override { done.emplace_back("sync"); }
  std::error_code perform(PowerAction action, const std::string& argument) override {
    const char* names[] = {"reboot", "halt", "power off"};
    done.push_back(names[static_cast<int>(action)] + (argument.empty() ? "" : " " + argument));
    return std::make_error_code(std::errc::operation_not_permitted);
  }
  std::error_code execute(const Words& words) override {
    std::string line;
    for (const auto& word : words) line += (line.empty() ? "" : " ") + word;
    done.push_back(line);
    return std::make_error_code(std::errc::no_such_file_or_directory);
  }
  Words done;
};

// With records and an init daemon that notes what it is asked.
struct System : SystemFixture {
  System() {
    make_records();
    variables["UPSTART_INIT_ADDRESS"] = daemon.address();
  }
  ProgramRun telinit(Words words) { return run(&upstart::client::telinit, named("telinit", std::move(words))); }
  ProgramRun runlevel(Words words) { return run(&upstart::client::runlevel, named("runlevel", std::move(words))); }
  ProgramRun shutdown(Words words) { return run(&upstart::client::shutdown, named("shutdown", std::move(words))); }
  // What the machine was told, for `words` with the program first.
  Words machine(const Words& words) {
    FakeMachine machine;
    last = run([&](const Words& all, ProcessContext& context) { return reboot(all, context, machine); }, words);
    return machine.done;
  }
  [[nodiscard]] std::optional<Runlevels> recorded() const {
    return LoginRecords{path("utmp"), path("wtmp")}.runlevels().value();
  }
  static Words named(const char* program, Words words) {
    words.insert(words.begin(), program);
    return words;
  }
  FakeUpstart daemon{{{"svc", {}}}};
  ProgramRun last;
};

} // namespace

TEST_CASE("telinit records the runlevel and emits it with the previous one, without waiting") {
  System system;
  CHECK(system.telinit({"2"}).status == 0);
  CHECK(system.telinit({"-e", "WHY=test", "-e", "EMPTY=", "-t", "5", "s"}).status == 0);
  CHECK(system.daemon.calls() == Words{"EmitEvent no-wait runlevel RUNLEVEL=2 PREVLEVEL=N",
                                       "EmitEvent no-wait runlevel RUNLEVEL=S PREVLEVEL=2 WHY=test EMPTY="});
  CHECK(system.recorded() == Runlevels{'2', 'S'});
}

TEST_CASE("telinit takes the previous runlevel from the environment, where it is set and empty for none") {
  System system;
  system.telinit({"2"});
  system.variables["RUNLEVEL"] = "";
  system.telinit({"3"});
  system.variables["RUNLEVEL"] = "4";
  system.telinit({"5"});
  CHECK(system.daemon.calls()[1].contains("RUNLEVEL=3 PREVLEVEL=N"));
  CHECK(system.daemon.calls()[2].contains("RUNLEVEL=5 PREVLEVEL=4"));
}

TEST_CASE("telinit works without records, and warns of one that cannot be written") {
  System system;
  std::filesystem::remove(system.path("utmp"));
  system.variables["UPSTART_WTMP"] = system.directory;
  auto ran = system.telinit({"2"});
  CHECK(ran.status == 0);
  CHECK(ran.err == std::format("telinit: unable to record the runlevel in {}: Is a directory\n", system.directory));
  CHECK(!std::filesystem::exists(system.path("utmp")));
}

TEST_CASE("telinit q reads job files again, u executes init anew and waits until it says so") {
  System system;
  CHECK(system.telinit({"q"}).status == 0);
  CHECK(system.telinit({"U"}).status == 0);
  CHECK(system.daemon.calls() == Words{"ReloadConfiguration", "Restart"});
}

TEST_CASE("telinit u is content with a connection that is lost after the answer, and a daemon that is there again") {
  System system;
  system.daemon.after_restart(AfterRestart::nothing);
  std::thread replacement{[&] {
    while (system.daemon.calls().empty()) std::this_thread::yield();
    system.daemon.hang_up();
  }};
  CHECK(system.telinit({"u"}).status == 0);
  replacement.join();
}

TEST_CASE("telinit u fails where init goes on as it is") {
  System system;
  system.daemon.after_restart(AfterRestart::nothing);
  system.variables["UPSTART_TELINIT_TIMEOUT"] = "1";
  auto ran = system.telinit({"u"});
  CHECK(ran.status == 1);
  CHECK(ran.err == "telinit: init did not execute itself anew in time, and goes on as it is; its log says why\n");
}

TEST_CASE("telinit says what is wrong with its words") {
  System system;
  CHECK(system.telinit({}).err == "telinit: missing runlevel\nTry `telinit --help' for more information.\n");
  CHECK(system.telinit({"9"}).err == "telinit: illegal runlevel: 9\nTry `telinit --help' for more information.\n");
  CHECK(system.telinit({"2", "3"}).err.starts_with("telinit: unexpected argument: 3\n"));
  CHECK(system.telinit({"-e", "=x", "2"}).err.starts_with("telinit: not a variable: `=x'; it is one like KEY=VALUE\n"));
  system.uid = 1000;
  CHECK(system.telinit({"2"}).err == "telinit: Need to be root\n");
  CHECK(system.daemon.calls().empty());
  CHECK(!system.recorded());
}

TEST_CASE("runlevel prints the pair of the record, of the environment first") {
  System system;
  CHECK(system.runlevel({}).out == "unknown\n");
  CHECK(system.runlevel({}).status == 1);
  system.telinit({"2"});
  CHECK(system.runlevel({}).out == "N 2\n");
  system.telinit({"5"});
  CHECK(system.runlevel({}).out == "2 5\n");
  CHECK(system.runlevel({"--quiet"}).out.empty());
  CHECK(system.runlevel({system.path("utmp")}).out == "2 5\n");
  system.variables["RUNLEVEL"] = "3";
  CHECK(system.runlevel({}).out == "N 3\n");
  CHECK(system.runlevel({system.path("utmp")}).out == "2 5\n");
}

TEST_CASE("runlevel names a file that is not there") {
  System system;
  auto ran = system.runlevel({"/nowhere/utmp"});
  CHECK(ran.status == 1);
  CHECK(ran.out.empty());
  CHECK(ran.err == "runlevel:/nowhere/utmp: No such file or directory\n");
}

TEST_CASE("runlevel --set records a change and prints the pair, also where there is no utmp yet") {
  System system;
  std::filesystem::remove(system.path("utmp"));
  CHECK(system.runlevel({"--set", "0"}).out == "N 0\n");
  CHECK(system.runlevel({"--set", "6"}).out == "0 6\n");
  CHECK(system.runlevel({"--set", "6"}).out == "0 6\n"); // telinit has recorded it before
  CHECK(system.runlevel({}).out == "0 6\n");
  auto ran = system.runlevel({"--set", "2", "/nowhere/utmp"});
  CHECK(ran.out == "N 2\n");
  CHECK(system.runlevel({"--set", "x"}).err.starts_with("runlevel: illegal runlevel: x\n"));
}

TEST_CASE("shutdown emits the runlevel that its option means, and INIT_HALT") {
  System system;
  for (const char* option : {"-r", "-h", "-H", "-hP", "-k"}) CHECK(system.shutdown({option, "now"}).status == 0);
  CHECK(system.shutdown({"now"}).status == 0);
  CHECK(system.daemon.calls() == Words{"EmitEvent no-wait runlevel RUNLEVEL=6 PREVLEVEL=N",
                                       "EmitEvent no-wait runlevel RUNLEVEL=0 PREVLEVEL=6",
                                       "EmitEvent no-wait runlevel RUNLEVEL=0 PREVLEVEL=0 INIT_HALT=HALT",
                                       "EmitEvent no-wait runlevel RUNLEVEL=0 PREVLEVEL=0 INIT_HALT=POWEROFF",
                                       "EmitEvent no-wait runlevel RUNLEVEL=1 PREVLEVEL=0"});
  CHECK(!std::filesystem::exists(system.path("nologin"))); // maintenance is for those who log in again
  CHECK(!std::filesystem::exists(system.path("shutdown.pid")));
}

TEST_CASE("shutdown keeps users from logging in where the system goes down for good") {
  System system;
  system.shutdown({"-r", "now", "back", "soon"});
  CHECK(text_of(system.path("nologin")) == "The system is going down for reboot NOW!\n");
}

TEST_CASE("shutdown waits for its time and takes what old scripts say") {
  System system;
  system.variables["UPSTART_SHUTDOWN_MINUTE"] = "5";
  CHECK(system.shutdown({"-a", "-n", "-f", "-F", "-y", "-t3", "-i", "6", "-r", "+12"}).status == 0);
  CHECK(system.daemon.calls() == Words{"EmitEvent no-wait runlevel RUNLEVEL=6 PREVLEVEL=N"});
}

TEST_CASE("shutdown says what is wrong with its words") {
  System system;
  CHECK(system.shutdown({"-r"}).err.starts_with("shutdown: time expected\nTry "));
  CHECK(system.shutdown({"-r", "25:00"})
            .err.starts_with("shutdown: illegal time value: 25:00; it is `now', `+m' or `hh:mm'\nTry "));
  CHECK(system.shutdown({"-c"}).err == "shutdown: Shutdown is not running\n");
  system.uid = 1000;
  CHECK(system.shutdown({"now"}).err == "shutdown: Need to be root\n");
  CHECK(system.daemon.calls().empty());
}

TEST_CASE("a shutdown that cannot reach init says so, and lets users log in again") {
  System system;
  system.variables.erase("UPSTART_INIT_ADDRESS");
  system.variables["UPSTART_INIT_ADDRESS"] = "unix:path=" + system.path("nobody");
  auto ran = system.shutdown({"-r", "now"});
  CHECK(ran.status == 1);
  CHECK(ran.err.starts_with("shutdown: Unable to connect to Upstart: "));
  CHECK(!std::filesystem::exists(system.path("nologin")));
}

TEST_CASE("a shutdown that waits keeps another one out, and is cancelled") {
  System system;
  upstart::base::FileDescriptor changes{::inotify_init1(IN_CLOEXEC)};
  REQUIRE(::inotify_add_watch(changes.get(), std::filesystem::path{system.path("nologin")}.parent_path().c_str(),
                              IN_CREATE) >= 0);
  const pid_t waiting = ::fork();
  if (waiting == 0) {
    auto ran = system.run(
        [&](const Words& words, ProcessContext& context) { return upstart::client::shutdown(words, context); },
        {"shutdown", "-r", "+4"});
    ::_exit(ran.status == 0 && ran.err == "Shutdown cancelled\n" ? 0 : 1);
  }
  while (!std::filesystem::exists(system.path("nologin"))) {
    pollfd created{.fd = changes.get(), .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&created, 1, 10'000) == 1);
    std::array<char, 4096> events{};
    REQUIRE(::read(changes.get(), events.data(), events.size()) > 0);
  }
  CHECK(text_of(system.path("shutdown.pid")) == std::format("{}\n", waiting));
  auto second = system.shutdown({"-h", "now"});
  CHECK(second.status == 1);
  CHECK(second.err == "shutdown: Another shutdown is already running\nshutdown: `shutdown -c' cancels it\n");
  CHECK(system.shutdown({"-c", "not", "today"}).status == 0);
  int status = -1;
  CHECK(::waitpid(waiting, &status, 0) == waiting);
  CHECK(status == 0);
  CHECK(!std::filesystem::exists(system.path("nologin")));
  CHECK(!std::filesystem::exists(system.path("shutdown.pid")));
  CHECK(system.daemon.calls().empty());
}

TEST_CASE("what a shutdown that was killed has left keeps nobody out") {
  System system;
  std::ofstream{system.path("shutdown.pid")} << "1\n";
  CHECK(system.shutdown({"-c"}).err == "shutdown: Shutdown is not running\n");
  CHECK(system.shutdown({"-r", "now"}).status == 0);
}

TEST_CASE("a program of another name does not touch the machine") {
  System system;
  CHECK(system.machine({"/sbin/hibernate", "-f"}).empty());
  CHECK(system.last.status == 1);
  CHECK(system.last.err.contains("call it reboot, halt or poweroff"));
}

TEST_CASE("reboot, halt and poweroff go through shutdown") {
  System system;
  CHECK(system.machine({"reboot"}) == Words{"shutdown -r now"});
  CHECK(system.machine({"/sbin/halt"}) == Words{"shutdown -H now"});
  CHECK(system.machine({"poweroff"}) == Words{"shutdown -P now"});
  CHECK(system.machine({"halt", "-p"}) == Words{"shutdown -P now"});
  CHECK(system.last.err == "halt: unable to run shutdown: No such file or directory\n");
}

TEST_CASE("in runlevel 0 or 6 and with -f they make the system call") {
  System system;
  CHECK(system.machine({"reboot", "-f"}) == Words{"sync", "reboot"});
  CHECK(system.machine({"reboot", "-f", "recovery"}) == Words{"sync", "reboot recovery"});
  CHECK(system.machine({"poweroff", "-nf"}) == Words{"power off"});
  CHECK(system.last.err == "poweroff: the kernel refused: Operation not permitted\n");
  system.telinit({"6"});
  CHECK(system.machine({"reboot", "-d", "-i"}) == Words{"sync", "reboot"});
  system.variables["RUNLEVEL"] = "0";
  CHECK(system.machine({"halt"}) == Words{"sync", "halt"});
  system.variables["RUNLEVEL"] = "2";
  CHECK(system.machine({"halt"}) == Words{"shutdown -H now"});
}

TEST_CASE("-w records the shutdown and does nothing") {
  System system;
  CHECK(system.machine({"halt", "-w"}).empty());
  CHECK(system.last.status == 0);
  CHECK(std::filesystem::file_size(system.path("wtmp")) > 0);
  CHECK(std::filesystem::file_size(system.path("utmp")) == 0);
}

TEST_CASE("a command for the machine that would be lost is refused") {
  System system;
  CHECK(system.machine({"reboot", "recovery"}).empty());
  CHECK(system.last.err.starts_with(
      "reboot: `recovery' can be handed to the machine at once only; add -f, or leave it out\n"));
  CHECK(system.machine({"halt", "recovery"}).empty());
  CHECK(system.last.err.starts_with("halt: unexpected argument: recovery\n"));
  system.uid = 1000;
  CHECK(system.machine({"reboot", "-f"}).empty());
  CHECK(system.last.err == "reboot: Need to be root\n");
}
