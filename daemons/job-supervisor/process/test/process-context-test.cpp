// What a job file says of the context that a process runs in, seen from within the process and in /proc.
#include "daemons/job-supervisor/process/groups/control-group-mounts.hpp"
#include "daemons/job-supervisor/process/instances/launch-failure.hpp"
#include "daemons/job-supervisor/process/test/process-fixture.hpp"

#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <sstream>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

const std::string actor = UPSTART_TEST_ACTOR;

bool needs_root() {
  if (::geteuid() == 0) return false;
  MESSAGE("skipped: needs root");
  return true;
}

// A line of /proc/PID/status, without its name.
std::string status_of(pid_t pid, const std::string& name) {
  std::string text = contents("/proc/" + std::to_string(pid) + "/status");
  std::size_t start = text.find("\n" + name + ":\t");
  if (start == text.npos) return {};
  start += name.size() + 3;
  std::string line = text.substr(start, text.find('\n', start) - start);
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string most_descriptors() {
  std::string most = contents("/proc/sys/fs/nr_open");
  return most.substr(0, most.find('\n'));
}

// A root directory with users and groups of its own, and the actor in it.
struct OtherRoot {
  Directory directory;
  OtherRoot() {
    std::filesystem::create_directories(directory / "etc");
    std::filesystem::create_directories(directory / "inside");
    std::ofstream{directory / "etc/passwd"}
        << "root:x:0:0::/:/bin/sh\nnotester:x:1:1::/:\ntester:x:4321:4322:A Tester:/:/bin/sh\n";
    std::ofstream{directory / "etc/group"}
        << "root:x:0:\ntester:x:4322:\nextra:x:4444:other,tester\nno:x:4445:testers,notester\nlast:x:4446:tester";
    std::filesystem::copy_file(actor, directory / "actor");
    std::filesystem::permissions(directory.path(), std::filesystem::perms{0755});
  }
};

} // namespace

TEST_CASE("a system job begins in the root directory with umask 022") {
  TestJob job;
  job.script("pwd\numask\n");
  auto before = ::umask(077);
  CHECK(job.run() == "/\n0022\n");
  ::umask(before);
}

TEST_CASE("a session's job keeps directory and umask, without inheritance only the directory") {
  auto before = ::umask(027);
  for (bool inherits : {true, false}) {
    TestJob job;
    job.options.user_session = true;
    job.options.inherit_environment = inherits;
    job.script("pwd\numask\n");
    CHECK(job.run() == std::filesystem::current_path().string() + "\n" + (inherits ? "0027\n" : "0022\n"));
  }
  ::umask(before);
}

TEST_CASE("umask, nice, oom score, limits and directory are set") {
  TestJob job;
  job.job_class.umask = 027;
  job.job_class.nice = 5;
  job.job_class.oom_score_adjustment = 500;
  job.job_class.chdir = "/usr";
  job.job_class.limits = {{RLIMIT_NOFILE, {100, 200}}, {RLIMIT_CORE, {0, 0}}};
  job.script("ulimit -n; ulimit -Hn; ulimit -c; nice; umask; cat /proc/self/oom_score_adj; pwd");
  CHECK(job.run() == "100\n200\n0\n5\n0027\n500\n/usr\n");
}

TEST_CASE("the limit on descriptors that the supervisor raised for itself is not the job's") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit lowered{before.rlim_max / 2, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
  TestJob job;
  job.script("ulimit -n");
  CHECK(job.run() == std::to_string(lowered.rlim_cur) + "\n");
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("an unlimited limit") {
  TestJob job;
  job.job_class.limits = {{RLIMIT_CPU, {ResourceLimit::unlimited, ResourceLimit::unlimited}}};
  job.script("ulimit -t");
  CHECK(job.run() == "unlimited\n");
}

TEST_CASE("each step that fails is told in one line") {
  if (needs_root()) return;
  struct Failure {
    std::function<void(JobClass&)> set;
    std::string reason;
  };
  const std::vector<Failure> failures{
      {[](JobClass& job) { job.chdir = "/no/such/dir"; },
       "unable to change working directory: No such file or directory (/no/such/dir)"},
      {[](JobClass& job) { job.chdir = "/srv/$WHO"; }, "unable to change working directory: No such file or directory "
                                                       "(/srv/$WHO: variables are not expanded in `chdir')"},
      {[](JobClass& job) { job.chdir = "~/www"; },
       "unable to change working directory: No such file or directory (~/www: ~ is not expanded in `chdir')"},
      {[](JobClass& job) { job.chroot = "/no/such/root"; },
       "unable to change root directory: No such file or directory (/no/such/root)"},
      {[](JobClass& job) { job.setuid = "nosuchuser"; }, "unable to find setuid user (nosuchuser)"},
      {[](JobClass& job) { job.setgid = "nosuchgroup"; }, "unable to find setgid group (nosuchgroup)"},
      {[](JobClass& job) { job.limits = {{RLIMIT_NOFILE, {999999999, 999999999}}}; },
       "unable to set \"nofile\" resource limit: Operation not permitted (`limit nofile 999999999 999999999': the hard "
       "limit can be " +
           most_descriptors() + " at most)"},
      {[](JobClass& job) { job.limits = {{RLIMIT_NOFILE, {ResourceLimit::unlimited, 200}}}; },
       "unable to set \"nofile\" resource limit: Invalid argument (`limit nofile unlimited 200': the soft limit is "
       "above "
       "the hard limit)"},
      {[](JobClass& job) { job.limits = {{RLIMIT_NICE, {2, 1}}}; },
       "unable to set \"nice\" resource limit: Invalid argument (`limit nice 2 1': the soft limit is above the hard "
       "limit)"},
      {[](JobClass& job) { job.oom_score_adjustment = 5000; }, "unable to set oom adjustment: Invalid argument"},
  };
  for (const Failure& failure : failures) {
    TestJob job;
    job.exec("true");
    failure.set(job.job_class);
    CHECK(job.refusal() == failure.reason);
    CHECK(job.events.told == std::vector<std::string>{"main not executed"});
    CHECK(job.log().empty());
  }
}

TEST_CASE("a step that only root may take names its stanza and says so") {
  JobClass job;
  job.setuid = "nobody";
  job.setgid = "mail";
  job.chroot = "/srv";
  job.nice = -5;
  job.oom_score_adjustment = -100;
  auto told = [&](SpawnStep step, int error) {
    return describe_failure(job, ProcessKind::main, {.step = step, .error = error, .detail = 0}).reason;
  };
  CHECK(told(SpawnStep::ownership, EPERM) == "unable to change ownership of descriptors: Operation not permitted "
                                             "(`setuid nobody', `setgid mail': this needs root (CAP_CHOWN))");
  CHECK(told(SpawnStep::chroot, EPERM) ==
        "unable to change root directory: Operation not permitted (`chroot /srv': this needs root (CAP_SYS_CHROOT))");
  CHECK(told(SpawnStep::chroot, EACCES) == "unable to change root directory: Permission denied (/srv)");
  CHECK(told(SpawnStep::nice, EACCES) ==
        "unable to set priority: Permission denied (`nice -5': this needs root (CAP_SYS_NICE))");
  CHECK(told(SpawnStep::oom, EACCES) ==
        "unable to set oom adjustment: Permission denied (`oom score -100': this needs root (CAP_SYS_RESOURCE))");
  job.setuid.clear();
  CHECK(told(SpawnStep::set_group, EPERM) ==
        "unable to set group: Operation not permitted (`setgid mail': this needs root (CAP_SETGID))");
  job.setgid.clear();
  CHECK(told(SpawnStep::groups, EPERM) == "unable to set supplementary groups: Operation not permitted");
}

TEST_CASE("a program that is not there is named, and so is its interpreter") {
  TestJob job;
  std::ofstream{job.directory / "app.sh"} << "#!/usr/bin/no-nodejs\n";
  std::filesystem::permissions(job.directory / "app.sh", std::filesystem::perms::owner_all);
  auto script = job.directory / "app.sh";
  job.exec(script);
  CHECK(job.refusal() == "unable to execute: No such file or directory (" + script +
                             ", whose interpreter /usr/bin/no-nodejs is not there)");
  TestJob other;
  other.exec("no-such-program");
  CHECK(other.refusal() ==
        "unable to execute: No such file or directory (no-such-program, which is in no directory of PATH)");
}

TEST_CASE("a script whose lines end with CR LF, and a directory, are named as what they are") {
  TestJob job;
  auto script = job.directory / "app.sh";
  std::ofstream{script} << "#!/bin/sh\r\necho\r\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  job.exec(script);
  CHECK(job.refusal() == "unable to execute: No such file or directory (" + script +
                             ", whose first line ends with a carriage return (its lines end with CR LF))");
  TestJob other;
  other.exec(other.directory.path());
  CHECK(other.refusal() ==
        "unable to execute: Permission denied (" + other.directory.path() + ", which is a directory)");
}

TEST_CASE("a program that is not there below a chroot is told with that") {
  if (needs_root()) return;
  Directory empty;
  auto refusal = [&](const std::string& command, bool is_script = false) {
    TestJob job;
    job.job_class.chroot = empty.path();
    if (is_script) job.script(command);
    else job.exec(command);
    return job.refusal();
  };
  const std::string missing = "unable to execute: No such file or directory (";
  CHECK(refusal("/bin/sleep 1") == missing + "/bin/sleep below chroot " + empty.path() + ")");
  CHECK(refusal("sleep 1") == missing + "sleep, which is in no directory of PATH below chroot " + empty.path() + ")");
  CHECK(refusal("echo one\necho two\n", true) == missing + "/bin/sh below chroot " + empty.path() + ")");
}

TEST_CASE("setuid gives the user's group and all groups that name the user, looked up in the new root") {
  if (needs_root()) return;
  OtherRoot root;
  TestJob job;
  job.job_class.chroot = root.directory.path();
  job.job_class.chdir = "/inside";
  job.job_class.setuid = "tester";
  job.exec("/actor");
  auto pid = job.spawn();
  REQUIRE(pid);
  REQUIRE(job.await_told("ready"));
  CHECK(status_of(*pid, "Uid") == "4321\t4321\t4321\t4321");
  CHECK(status_of(*pid, "Gid") == "4322\t4322\t4322\t4322");
  CHECK(status_of(*pid, "Groups") == "4322 4444 4446");
  CHECK(status_of(*pid, "CapEff") == "0000000000000000");
  CHECK(link_of(*pid, "root") == root.directory.path());
  CHECK(link_of(*pid, "cwd") == root.directory / "inside");
}

TEST_CASE("setgid goes before the user's own group, and alone changes the group only") {
  if (needs_root()) return;
  OtherRoot root;
  for (bool with_user : {true, false}) {
    TestJob job;
    job.job_class.chroot = root.directory.path();
    job.job_class.setgid = "extra";
    if (with_user) job.job_class.setuid = "tester";
    job.exec("/actor");
    auto pid = job.spawn();
    REQUIRE(pid);
    REQUIRE(job.await_told("ready"));
    CHECK(status_of(*pid, "Uid").starts_with(with_user ? "4321\t" : "0\t"));
    CHECK(status_of(*pid, "Gid") == "4444\t4444\t4444\t4444");
    CHECK(status_of(*pid, "Groups") == (with_user ? "4444 4446" : "4444"));
    CHECK(link_of(*pid, "cwd") == root.directory.path()); // of a session, too: not outside its root
  }
}

TEST_CASE("supplementary groups of the supervisor do not reach jobs") {
  if (needs_root()) return;
  std::vector<gid_t> before(64);
  before.resize(static_cast<std::size_t>(::getgroups(64, before.data())));
  gid_t strange[] = {0, 7777};
  REQUIRE(::setgroups(2, strange) == 0);
  TestJob job;
  job.script("grep Groups /proc/self/status");
  CHECK(job.run() == "Groups:\t0 \n");
  ::setgroups(before.size(), before.data());
}

TEST_CASE("a script runs as another user, who may open by name what it was given") {
  if (needs_root()) return;
  TestJob job;
  job.job_class.setuid = "nobody";
  job.script("id -u\necho through the terminal > /dev/stderr\ncat /proc/self/fd/9 2> /dev/null || echo closed\n");
  CHECK(job.run() == "65534\nthrough the terminal\nclosed\n");
}

TEST_CASE("the loader of the security profile runs without the job's process context") {
  TestJob job;
  job.job_class.apparmor_load = "/etc/apparmor.d/some";
  job.job_class.chroot = "/no/such/root";
  job.job_class.setuid = "nosuchuser";
  job.job_class.limits = {{RLIMIT_NICE, {2, 1}}};
  auto pid = job.spawn(ProcessKind::security);
  REQUIRE(pid);
  REQUIRE(await(job.loop, [&] { return job.events.has("security ended") || job.events.has("security not executed"); }));
  if (!std::filesystem::exists("/sbin/apparmor_parser"))
    CHECK(job.events.reason == "unable to execute: No such file or directory");
}

TEST_CASE("tmpfiles are given to systemd-tmpfiles, without the job's process context") {
  TestJob job;
  std::ofstream{job.directory / "systemd-tmpfiles"} << "#!/bin/sh\necho \"$@\"\numask\nexit 65\n";
  std::filesystem::permissions(job.directory / "systemd-tmpfiles", std::filesystem::perms{0755});
  job.request.environment = {"PATH=" + job.directory.path() + ":/bin:/usr/bin"};
  job.job_class.tmpfiles = {"/a.conf", "/b c.conf"};
  job.job_class.chroot = "/no/such/root";
  job.job_class.setuid = "nosuchuser";
  job.job_class.umask = 0;
  REQUIRE(job.spawn(ProcessKind::tmpfiles));
  REQUIRE(job.await_told("tmpfiles ended"));
  CHECK(job.events.ends[ProcessKind::tmpfiles] == 65 << 8);
  CHECK(job.log().starts_with("--create --remove --boot /a.conf /b c.conf\n"));
  CHECK_FALSE(job.log().contains("0000"));
}

TEST_CASE("without systemd-tmpfiles the reason says what is missing and why it is needed") {
  TestJob job;
  job.request.environment = {"PATH=" + job.directory.path()};
  job.job_class.tmpfiles = {"/a.conf"};
  REQUIRE(job.spawn(ProcessKind::tmpfiles));
  REQUIRE(job.await_told("tmpfiles not executed"));
  CHECK(job.events.reason ==
        "unable to execute: No such file or directory (the stanza tmpfiles needs the program systemd-tmpfiles)");
}

TEST_CASE("apparmor switch is ignored where AppArmor is off") {
  TestJob job;
  job.job_class.apparmor_switch = "no-such-profile";
  job.exec("true");
  REQUIRE(job.spawn());
  if (job.processes->apparmor_enabled()) CHECK(job.await_told("main not executed"));
  else CHECK(job.await_told("main ended"));
}

TEST_CASE("console none leads nowhere") {
  TestJob job;
  job.job_class.console = Console::none;
  job.script("echo lost\nlinks=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)\necho \"$links\" > " +
             (job.directory / "fds") + "\n");
  CHECK(job.run().empty());
  CHECK(contents(job.directory / "fds") == "/dev/null\n/dev/null\n/dev/null\n");
}

TEST_CASE("console output is the console, or nothing where there is none") {
  TestJob job;
  job.job_class.console = Console::output;
  job.script("links=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)\necho \"$links\" > " +
             (job.directory / "fds") + "\n");
  job.run();
  int console = ::open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
  std::string expected = console < 0 ? "/dev/null\n" : "/dev/console\n";
  if (console >= 0) ::close(console);
  CHECK(contents(job.directory / "fds") == expected + expected + expected);
}

// Run by the next test, where /dev/console may be another device without anybody's noticing.
TEST_CASE("inside: console owner and console output on a console that is a terminal" * doctest::skip()) {
  base::FileDescriptor screen{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  REQUIRE((screen && ::grantpt(screen.get()) == 0 && ::unlockpt(screen.get()) == 0));
  const std::string line = ::ptsname(screen.get());
  REQUIRE(::mount(line.c_str(), "/dev/console", nullptr, MS_BIND, nullptr) == 0);
  for (Console console : {Console::owner, Console::output}) {
    TestJob job;
    job.job_class.console = console;
    job.script("echo seen\nread -r facts < /proc/$$/stat\necho \"$facts\" > " + (job.directory / "stat") +
               "\n: from standard input: < /dev/tty\n");
    REQUIRE(job.spawn());
    REQUIRE(job.await_told("main ended"));
    std::array<char, 64> shown{};
    ssize_t length = ::read(screen.get(), shown.data(), shown.size());
    REQUIRE(length > 0);
    CHECK(std::string_view{shown.data(), static_cast<std::size_t>(length)}.starts_with("seen"));
    std::istringstream facts{contents(job.directory / "stat")};
    std::vector<std::string> fields{std::istream_iterator<std::string>{facts}, {}};
    REQUIRE(fields.size() > 6);
    CHECK((fields[6] != "0") == (console == Console::owner)); // a controlling terminal
    CHECK((job.events.ends[ProcessKind::main] == 0) == (console == Console::owner));
  }
  ::umount("/dev/console"); // before the terminal goes
}

TEST_CASE("inside: console owner where the console is no terminal" * doctest::skip()) {
  TestJob job;
  std::ofstream{job.directory / "console"};
  REQUIRE(::mount((job.directory / "console").c_str(), "/dev/console", nullptr, MS_BIND, nullptr) == 0);
  job.job_class.console = Console::owner;
  job.exec("true");
  CHECK(job.refusal() == "unable to open console: Inappropriate ioctl for device (/dev/console)");
  ::umount("/dev/console");
}

TEST_CASE(
    "the owner of the console has it as its controlling terminal, others only write to it; without one it cannot run") {
  if (needs_root() || ::access("/dev/console", F_OK) < 0) return;
  std::string program = std::filesystem::read_symlink("/proc/self/exe");
  std::string command =
      "unshare --mount --propagation private " + program + " --no-skip --test-case='inside: console *' > /dev/null";
  CHECK(::system(command.c_str()) == 0);
}

TEST_CASE("the default console is the option's, and without a directory log is none") {
  TestJob job;
  job.options.default_console = Console::none;
  job.script("link=$(readlink /proc/$$/fd/1)\necho $link > " + (job.directory / "fds") + "\n");
  job.run();
  CHECK(contents(job.directory / "fds") == "/dev/null\n");
}

TEST_CASE("debug stops the process just before exec, if init runs so") {
  for (bool debug : {true, false}) {
    TestJob job;
    job.job_class.debug = true;
    job.options.debug = debug;
    job.exec("true");
    auto pid = job.spawn();
    REQUIRE(pid);
    if (debug) {
      REQUIRE(await(job.loop, [&] { return facts_of(*pid)->state == 'T'; }));
      CHECK(job.events.told.empty());
      ::kill(*pid, SIGCONT);
    }
    CHECK(job.await_told("main ended"));
  }
}

TEST_CASE("cgroup puts all processes of the job into a group of the controller, and sets what it says") {
  auto trees = group_trees();
  auto tree = std::ranges::find_if(
      trees, [](const GroupTree& one) { return !one.unified && std::ranges::contains(one.controllers, "pids"); });
  if (needs_root()) return;
  if (tree == trees.end()) {
    MESSAGE("skipped: no v1 tree of the pids controller here");
    return;
  }
  std::string name = "upstart-test-" + std::to_string(::getpid());
  TestJob job;
  job.job_class.control_groups = {{"pids", name + "/$UPSTART_JOB", {{"max", "77"}}}};
  job.job_class.setuid = "nobody";
  job.script("grep pids: /proc/self/cgroup | sed 's/.*://'\n:\n");
  std::string log = job.run();
  CHECK(log.ends_with("/" + name + "/job\n"));
  std::string directory = tree->directory + "/" + name;
  CHECK(contents(directory + "/job/pids.max") == "77\n");
  job.job.reset();
  CHECK_FALSE(std::filesystem::exists(directory + "/job"));
  ::rmdir(directory.c_str());
}

TEST_CASE("a setting that cannot be made is told, a controller that is not there is warned of") {
  if (needs_root()) return;
  TestJob missing;
  missing.job_class.control_groups = {{"nosuchcontroller", "", {{"key", "value"}}}};
  missing.exec("true");
  missing.run();
  REQUIRE(missing.warnings.size() == 1);
  CHECK(missing.warnings.front().contains("nosuchcontroller"));
  auto trees = group_trees();
  if (std::ranges::none_of(
          trees, [](const GroupTree& one) { return !one.unified && std::ranges::contains(one.controllers, "pids"); }))
    return;
  TestJob bad;
  std::string name = "upstart-test-" + std::to_string(::getpid());
  bad.job_class.control_groups = {{"pids", name, {{"max", "many"}}}};
  bad.exec("true");
  CHECK(bad.refusal() == "unable to set control group pids.max to many: Invalid argument");
  for (const GroupTree& tree : trees) ::rmdir((tree.directory + "/" + name).c_str());
}
