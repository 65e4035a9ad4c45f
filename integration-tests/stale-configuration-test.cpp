// What has been written to job files before a command takes effect before it, however soon the command comes: each of
// five kinds of change, again and again. UPSTART_ROUNDS says how often.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace upstart::test;

namespace {

std::string rounds() {
  const char* given = std::getenv("UPSTART_ROUNDS");
  return given != nullptr ? given : "40";
}

// Runs these lines of shell in each round; what they print on `bad` counts. Without a wait anywhere.
std::string wrong_rounds(Session& session, const std::string& lines) {
  auto outcome = session.run({"sh", "-c",
                              "cd " + session.directory() + "/conf; bad() { echo \"$i: $*\"; }\n" + "for i in $(seq " +
                                  rounds() + "); do\n" + lines + "done\n"});
  return outcome.out + outcome.err;
}

} // namespace

TEST_CASE("a new job file is known to the next command") {
  Session session{{{"other", "exec true\n"}}};
  CHECK(wrong_rounds(session, "printf 'task\\nexec true\\n' >new$i.conf; start -q new$i || bad unknown\n").empty());
}

TEST_CASE("an edited job file is what the next start runs") {
  Session session{{{"edited", "task\nexec false\n"}}};
  CHECK(wrong_rounds(session, "echo \"exec sh -c 'echo $i >$PWD/out'\" >edited.conf; echo task >>edited.conf\n"
                              "start -q edited || bad failed; [ \"$(cat out)\" = $i ] || bad old\n")
            .empty());
}

TEST_CASE("a job whose file has been removed is not known to the next command") {
  Session session{{{"other", "exec true\n"}}};
  CHECK(wrong_rounds(session, "printf 'task\\nexec true\\n' >gone.conf; start -q gone || bad unknown\n"
                              "rm gone.conf; start -q gone 2>/dev/null && bad started\n")
            .empty());
}

TEST_CASE("an override keeps a job from starting on the next event") {
  Session session{{{"svc", "start on go\ntask\nexec touch @DIR@/ran\n"}}};
  CHECK(wrong_rounds(session, "rm -f svc.override ../ran; initctl emit go; [ -e ../ran ] || bad missed\n"
                              "rm ../ran; echo manual >svc.override; initctl emit go; [ -e ../ran ] && bad started\n")
            .empty());
}

TEST_CASE("a new start on sees the next event") {
  Session session{{{"svc", "task\nexec true\n"}}};
  CHECK(
      wrong_rounds(session,
                   "rm -f out; printf \"start on go$i\\ntask\\nexec touch $PWD/out\\n\" >svc.conf; initctl emit go$i\n"
                   "[ -e out ] || bad missed\n")
          .empty());
}
