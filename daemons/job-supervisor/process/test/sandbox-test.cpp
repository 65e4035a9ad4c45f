// The sandbox of a job, seen from within its processes; and that the supervisor is as it was.
#include "daemons/job-supervisor/process/test/adoption-fixture.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

bool may_make_mounts() {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0 ? 0 : 1);
  int status = 1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

bool lacks_mounts() {
  if (may_make_mounts()) return false;
  MESSAGE("skipped: no mounts may be made here (root, CAP_SYS_ADMIN)");
  return true;
}

bool lacks_root() {
  if (::geteuid() == 0) return false;
  MESSAGE("skipped: needs root");
  return true;
}

// What mounts the supervisor has, and in which namespace.
std::string own_mounts() { return link_of(::getpid(), "ns/mnt") + contents("/proc/self/mountinfo"); }

std::string own_status(const std::string& name) {
  std::string text = contents("/proc/self/status");
  auto start = text.find(name);
  return text.substr(start, text.find('\n', start) - start);
}

struct SandboxedJob : TestJob {
  explicit SandboxedJob(const Sandbox& sandbox) { job_class.sandbox.edit() = sandbox; }
};

} // namespace

TEST_CASE("no-new-privs holds for the process, which needs no right for it, and not for the supervisor") {
  SandboxedJob job{{.no_new_privileges = true}};
  job.script("grep NoNewPrivs /proc/self/status");
  CHECK(job.run() == "NoNewPrivs:\t1\n");
  CHECK(own_status("NoNewPrivs").ends_with("0"));
}

TEST_CASE("of the bounding set the job has what it keeps, and what the supervisor has") {
  if (lacks_root()) return;
  auto before = own_status("CapBnd");
  SandboxedJob keeps{{.bounding = 1U << 13U | 1U << 0U}};
  keeps.script("grep -E 'Cap(Prm|Eff|Bnd)' /proc/self/status");
  CHECK(keeps.run() == "CapPrm:\t0000000000002001\nCapEff:\t0000000000002001\nCapBnd:\t0000000000002001\n");
  SandboxedJob loses{{.bounding = ~(CapabilitySet{1} << 25U)}}; // CAP_SYS_TIME
  loses.script("grep CapBnd /proc/self/status");
  auto had = std::stoull(before.substr(before.find('\t') + 1), nullptr, 16);
  CHECK(std::stoull(loses.run().substr(8), nullptr, 16) == (had & ~(1ULL << 25U)));
  CHECK(own_status("CapBnd") == before);
}

TEST_CASE("a user gets the ambient capabilities, no others, and with a bounding set no more than that") {
  if (lacks_root()) return;
  SandboxedJob job{{.bounding = 1U << 10U, .ambient = 1U << 10U}};
  job.job_class.setuid = "nobody";
  job.script("id -u; grep -E 'Cap(Prm|Eff|Bnd|Amb)' /proc/self/status");
  CHECK(job.run() == "65534\nCapPrm:\t0000000000000400\nCapEff:\t0000000000000400\nCapBnd:\t0000000000000400\n"
                     "CapAmb:\t0000000000000400\n");
  SandboxedJob beyond{{.bounding = 1U << 13U, .ambient = 1U << 10U}};
  beyond.job_class.setuid = "nobody";
  beyond.exec("true");
  CHECK(beyond.refusal() == "unable to give it capabilities: Operation not permitted (`capability ambient': this needs "
                            "CAP_NET_BIND_SERVICE in `capability bounding')");
}

TEST_CASE("a private /tmp is empty, for any user to write to, and nobody else sees what is written there") {
  if (lacks_mounts()) return;
  auto before = own_mounts();
  SandboxedJob job{{.private_tmp = true}};
  auto name = std::filesystem::path{job.directory.path()}.filename().string();
  job.job_class.setuid = "nobody";
  job.script("ls -A /tmp /var/tmp\nstat -c %a /tmp /var/tmp\necho own > /tmp/" + name + "\ncat /tmp/" + name + "\n");
  CHECK(job.run() == "/tmp:\n\n/var/tmp:\n1777\n1777\nown\n");
  CHECK(std::filesystem::is_directory("/tmp/" + name));
  CHECK(own_mounts() == before);
}

TEST_CASE("all processes of an instance have the same /tmp, until the instance goes; another has its own") {
  if (lacks_mounts()) return;
  SandboxedJob job{{.private_tmp = true}};
  auto run = [&](ProcessKind kind) {
    REQUIRE(job.spawn(kind));
    REQUIRE(job.await_told(std::string{name_of(kind)} + " ended"));
  };
  job.job_class.commands[static_cast<std::size_t>(ProcessKind::pre_start)] = Command{"echo one > /tmp/a\n:\n", true};
  job.script("cat /tmp/a\necho two > /var/tmp/b\n");
  job.job_class.commands[static_cast<std::size_t>(ProcessKind::post_stop)] = Command{"cat /var/tmp/b\nls /tmp\n", true};
  for (auto kind : {ProcessKind::pre_start, ProcessKind::main, ProcessKind::post_stop}) run(kind);
  CHECK(job.log() == "one\ntwo\na\n");
  job.job.reset();
  job.events.told.clear();
  run(ProcessKind::post_stop);
  CHECK(job.log().starts_with("one\ntwo\na\ncat: /var/tmp/b: No such file"));
}

TEST_CASE("protect system makes what it names read-only, for root, too") {
  if (lacks_mounts()) return;
  struct Case {
    ProtectSystem kind;
    std::string out;
  };
  auto before = own_mounts();
  for (const auto& [kind, out] :
       {Case{ProtectSystem::usr, "usr\nvar ok\netc ok\n"}, Case{ProtectSystem::with_etc, "usr\nvar ok\netc\n"},
        Case{ProtectSystem::strict, "usr\nvar\netc\n"}}) {
    SandboxedJob job{{.protect_system = kind}};
    job.script("for d in usr var etc; do\n  f=/$d/upstart-test-$$\n"
               "  (: > $f) 2> /dev/null && echo $d ok || echo $d\n  rm -f $f\ndone\n");
    CHECK(job.run() == out);
  }
  CHECK(own_mounts() == before);
}

TEST_CASE("strict leaves /dev and /proc, and what protect except names") {
  if (lacks_mounts()) return;
  SandboxedJob job{{.private_tmp = true, .protect_system = ProtectSystem::strict, .writable = {"/srv", "-/no/such"}}};
  job.script(
      "echo > /dev/null && echo dev\necho name > /proc/self/comm && echo proc\n: > /tmp/x && echo tmp\n"
      ": > /srv/upstart-test-$$ && echo srv\nrm /srv/upstart-test-$$\n(: > /srv/../x) 2> /dev/null || echo not /\n");
  CHECK(job.run() == "dev\nproc\ntmp\nsrv\nnot /\n");
  SandboxedJob missing{{.protect_system = ProtectSystem::strict, .writable = {"/no/such"}}};
  missing.exec("true");
  CHECK(missing.refusal() == "unable to keep /no/such as it is: No such file or directory (`protect except')");
}

TEST_CASE("protect home hides the homes, or makes them read-only") {
  if (lacks_mounts()) return;
  SandboxedJob hidden{{.protect_home = ProtectHome::hidden}};
  hidden.script("ls -A /root /home\nstat -c %a /root\n(: > /root/x) 2> /dev/null || echo not there\n");
  CHECK(hidden.run() == "/home:\n\n/root:\n0\nnot there\n");
  SandboxedJob empty{{.protect_home = ProtectHome::empty}};
  empty.job_class.setuid = "nobody";
  empty.script("ls -A /root && stat -c %a /root\n");
  CHECK(empty.run() == "755\n");
  SandboxedJob read_only{{.protect_home = ProtectHome::read_only}};
  read_only.script("ls -A /root > /dev/null && echo seen\n(: > /root/upstart-test) 2> /dev/null || echo not there\n");
  CHECK(read_only.run() == "seen\nnot there\n");
}

TEST_CASE("in a new root the sandbox is about what is there") {
  if (lacks_mounts()) return;
  SandboxedJob job{{.private_tmp = true, .protect_system = ProtectSystem::usr}};
  for (const char* name : {"tmp", "usr"}) std::filesystem::create_directories(job.directory / "root/" + name);
  std::filesystem::copy_file(actor, job.directory / "root/actor");
  job.job_class.chroot = job.directory / "root";
  job.exec("/actor");
  auto pid = job.spawn();
  REQUIRE(pid);
  REQUIRE(job.await_told("ready"));
  auto inside = "/proc/" + std::to_string(*pid) + "/root";
  std::ofstream{inside + "/tmp/a"} << "a";
  CHECK(contents(inside + "/tmp/a") == "a");
  CHECK_FALSE(std::filesystem::exists(job.directory / "root/tmp/a"));
  int error = ::access((inside + "/usr").c_str(), W_OK) < 0 ? errno : 0;
  CHECK(error == EROFS);
}

TEST_CASE("in a session the process stays in its directory, where that is to be seen") {
  if (lacks_mounts()) return;
  Directory below_tmp;
  auto before = std::filesystem::current_path();
  for (const auto& [directory, expected] :
       {std::pair{std::string{"/usr/bin"}, "/usr/bin\n"}, {below_tmp.path(), "/\n"}}) {
    std::filesystem::current_path(directory);
    SandboxedJob job{{.private_tmp = true}};
    job.options.user_session = true;
    job.script("pwd");
    CHECK(job.run() == expected);
  }
  std::filesystem::current_path(before);
}

TEST_CASE("the mounts outlive the supervisor, also where no process is left in them") {
  if (lacks_mounts()) return;
  Adoption world;
  world.job_class.sandbox.edit().private_tmp = true;
  world.script("echo kept > /tmp/kept\necho written\nexec sleep 1000\n");
  world.job_class.commands[static_cast<std::size_t>(ProcessKind::post_stop)] = Command{"cat /tmp/kept\n:\n", true};
  auto log = world.directory / "job.log";
  world.first_supervisor("ready", [&](JobProcesses&, base::EventLoop& loop) {
    (void)await(loop, [&] { return contents(log) == "written\n"; });
  });
  ::kill(world.pid, SIGKILL);
  REQUIRE(world.await_gone(world.pid));
  world.adopt();
  REQUIRE(world.await_told("main ended"));
  SpawnRequest request{.kind = ProcessKind::post_stop, .environment = {"PATH=/bin:/usr/bin"}, .files = {}};
  REQUIRE(world.job->spawn(request));
  REQUIRE(world.await_told("post-stop ended"));
  CHECK(contents(log) == "written\nkept\n");
}

TEST_CASE("where the start was not written down, the mounts are those of the process that was found") {
  if (lacks_mounts()) return;
  Adoption world;
  world.job_class.sandbox.edit().private_tmp = true;
  world.script("echo found > /tmp/kept\necho written\nexec sleep 1000\n");
  world.job_class.commands[static_cast<std::size_t>(ProcessKind::pre_stop)] = Command{"cat /tmp/kept\n:\n", true};
  auto log = world.directory / "job.log";
  world.first_supervisor("ready", [&](JobProcesses&, base::EventLoop& loop) {
    (void)await(loop, [&] { return contents(log) == "written\n"; });
  });
  world.adopt(false);
  REQUIRE(world.await_told("main found"));
  SpawnRequest request{.kind = ProcessKind::pre_stop, .environment = {"PATH=/bin:/usr/bin"}, .files = {}};
  REQUIRE(world.job->spawn(request));
  REQUIRE(world.await_told("pre-stop ended"));
  CHECK(contents(log) == "written\nfound\n");
}

// Run by the next test, by root without the capabilities.
TEST_CASE("inside: without the rights for a sandbox" * doctest::skip()) {
  SandboxedJob mounts{{.private_tmp = true, .protect_system = ProtectSystem::usr}};
  mounts.exec("true");
  CHECK(mounts.refusal() == "unable to give the process mounts of its own: Operation not permitted (`protect system', "
                            "`private tmp': this needs CAP_SYS_ADMIN)");
  SandboxedJob bounding{{.bounding = 0}};
  bounding.exec("true");
  CHECK(bounding.refusal() ==
        "unable to drop capabilities: Operation not permitted (`capability bounding': this needs CAP_SETPCAP)");
  SandboxedJob ambient{{.ambient = CapabilitySet{1} << 21U}};
  ambient.exec("true");
  CHECK(ambient.refusal() ==
        "unable to give it capabilities: Operation not permitted (`capability ambient': this needs "
        "CAP_SYS_ADMIN)");
  SandboxedJob quiet{{.no_new_privileges = true}};
  quiet.script("grep NoNewPrivs /proc/self/status");
  CHECK(quiet.run() == "NoNewPrivs:\t1\n");
}

TEST_CASE(
    "without the rights for it the start fails, and says which stanza needs what; no-new-privs can be had always") {
  std::string program = std::filesystem::read_symlink("/proc/self/exe");
  std::string test = program + " --no-skip --test-case='inside: without the rights*' > /dev/null";
  std::string drop = ::geteuid() == 0 ? "setpriv --bounding-set=-sys_admin,-setpcap -- " : "";
  CHECK(::system((drop + test).c_str()) == 0);
}
