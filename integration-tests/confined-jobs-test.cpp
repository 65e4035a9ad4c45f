// Jobs with a sandbox and with limits of their control group, through the real programs: what their processes find,
// what others find, and what a user is told where it cannot be had.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace upstart::test;

namespace {

bool lacks_mounts() {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0 ? 0 : 1);
  int status = 1;
  ::waitpid(child, &status, 0);
  if (status != 0) MESSAGE("skipped: no mounts may be made here (root, CAP_SYS_ADMIN)");
  return status != 0;
}

const std::string box =
    "no-new-privs\ncapability bounding CAP_CHOWN CAP_KILL\nprivate tmp\nprotect system\nprotect home\n"
    "pre-start script\n  echo prepared > /tmp/note\nend script\n"
    "script\n  cat /tmp/note\n  grep -E 'NoNewPrivs|CapEff' /proc/self/status\n"
    "  for d in /usr /etc /root; do\n"
    "    (: > $d/upstart-test-$$) 2> /dev/null && echo wrote to $d\n  done\n"
    "  ls -A /home /root 2> /dev/null || echo no homes\n  echo done\n  exec sleep 1000\nend script\n"
    "post-stop script\n  echo after: $(cat /tmp/note)\nend script\n";

} // namespace

TEST_CASE("a confined job finds what its file says from its first process to its last, also if the supervisor dies") {
  if (lacks_mounts()) return;
  Session session{{{"box", box}}};
  auto mounts = read_file("/proc/self/mountinfo");
  auto of_supervisor = [&] {
    auto pid = std::to_string(session.daemon("upstart-job-supervisor"));
    return std::filesystem::read_symlink("/proc/" + pid + "/ns/mnt");
  };
  auto its_own = std::filesystem::read_symlink("/proc/self/ns/mnt");
  CHECK(session.initctl({"start", "box"}).status == 0);
  session.await("main has said all", [&] { return session.log("box").contains("done"); });
  CHECK(of_supervisor() == its_own);
  session.kill_daemon("upstart-job-supervisor");
  CHECK(session.initctl({"stop", "box"}).status == 0);
  CHECK(of_supervisor() == its_own);
  session.await("post-stop has said all", [&] { return session.log("box").contains("after"); });
  CHECK(session.log("box") == "prepared\nCapEff:\t0000000000000021\nNoNewPrivs:\t1\nno homes\ndone\n"
                              "after: prepared\n");
  CHECK_FALSE(std::filesystem::exists("/tmp/note"));
  CHECK(read_file("/proc/self/mountinfo") == mounts);
}

TEST_CASE("the stanzas of a confined job are shown as they hold, and checked before") {
  Session session{{{"box", box + "memory max 64M\ntasks max 32\n"}}};
  auto shown = session.busctl({"call", "com.ubuntu.Upstart", "/com/ubuntu/Upstart", "com.ubuntu.Upstart.JobSupervisor1",
                               "PrintClass", "s", "box"});
  for (const auto* stanza : {"memory max 64M", "tasks max 32", "no-new-privs", "capability bounding CAP_CHOWN CAP_KILL",
                             "private tmp", "protect system", "protect home"}) {
    CAPTURE(stanza);
    CHECK(shown.out.contains(stanza));
  }
  auto file = session.directory() + "/bad.conf";
  session.run({"sh", "-c", "printf 'memory max lots\\nprotect home most\\ncapability bounding CAP_KIL\\n' > " + file});
  auto checked = session.run({bin_directory() + "/init-checkconf", file});
  CHECK(checked.status == 1);
  auto said = checked.out + checked.err;
  CHECK(said.contains(
      "bad.conf:1:12: Illegal memory size, expected bytes (with K, M, G or T), a percentage or 'unlimited'"));
  CHECK(said.contains("bad.conf:2:14: Unknown stanza"));
  CHECK(said.contains("did you mean `CAP_KILL`?"));
}

TEST_CASE(
    "a start that fails for the sandbox, and a control group that is not to be had, are explained by their stanzas") {
  Session session{{{"closed", "protect system strict\nprotect except /no/such\nexec true\n"},
                   {"limited", "cgroup nosuchcontroller\nexec sleep 1000\n"}}};
  if (!lacks_mounts()) {
    CHECK(session.initctl({"start", "closed"}).status == 1);
    auto told = session.initctl({"explain", "closed"}).out; // whose lines are broken somewhere
    CHECK(told.contains("unable to keep /no/such as it is"));
    CHECK(told.contains("(`protect except')"));
  }
  CHECK(session.initctl({"start", "limited"}).status == 0);
  CHECK(session.initctl({"explain", "limited"}).out.contains("cgroup nosuchcontroller: not available here"));
}
