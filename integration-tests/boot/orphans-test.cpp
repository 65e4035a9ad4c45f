// A storm of orphans.
#include "integration-tests/boot/machine.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

using namespace upstart::test;

TEST_CASE("ten thousand orphans are reaped, and init does not grow with them") {
  SKIP_WITHOUT_MACHINES();
  Machine::Options options{.jobs = {{"svc", "start on startup\nconsole none\nexec sleep 1000\n"}}};
  options.files["/orphans"] = "i=0; while [ $i -lt 500 ]; do (: &); i=$((i+1)); done\n";
  Machine machine{std::move(options)};
  machine.await("svc runs", [&] { return !machine.main_process("svc").empty(); });
  auto size_after_storm = [&] {
    for (int part = 0; part < 10; ++part)
      CHECK(machine.run({"sh", "/orphans"}).status == 0); // each has time of its own
    machine.await("no zombie is left",
                  [&] { return machine.shell("cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z '").out == "0\n"; });
    return std::stol(machine.shell("sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/1/status").out);
  };
  auto first = size_after_storm();          // what init keeps of orphans is full now
  CHECK(size_after_storm() <= first + 100); // kB
}
