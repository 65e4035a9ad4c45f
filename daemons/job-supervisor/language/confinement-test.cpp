// Limits of control groups, and the sandbox: how their stanzas are read, and written again.
#include "daemons/job-supervisor/language/print-job.hpp"

#include "daemons/job-supervisor/language/round-trip.hpp"
#include "daemons/job-supervisor/language/test-support.hpp"
#include "daemons/job-supervisor/language/words/capabilities.hpp"

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

constexpr CapabilitySet chown_bit = 1U << 0U, net_raw_bit = 1U << 13U;

std::string suggestion_of(std::string_view text) {
  const auto result = parse_job(text, {.name = "job"});
  REQUIRE(result.diagnostics.size() == 1);
  return result.diagnostics.front().suggestion;
}

} // namespace

TEST_CASE("sizes of memory are bytes, units of 1024 or a percentage") {
  CHECK(parsed("memory max 5000\n").group_limits->memory_max == MemorySize{5000});
  CHECK(parsed("memory max 512M\n").group_limits->memory_max == MemorySize{512U << 20U});
  CHECK(parsed("memory high 2g\n").group_limits->memory_high == MemorySize{2ULL << 30U});
  CHECK(parsed("memory max 50%\n").group_limits->memory_max == MemorySize{50, true});
  CHECK(parsed("memory max max\n").group_limits->memory_max == MemorySize{});
  const std::string bad = "1:12 Illegal memory size, expected bytes (with K, M, G or T), a percentage or 'unlimited'";
  for (const std::string value : {"x", "5X", "5MB", "-1", "101%", "0%", "9999999999999999999", "9999999T", "1.5G"}) {
    CAPTURE(value);
    CHECK(said("memory max " + value + "\n") == Lines{bad});
  }
  CHECK(suggestion_of("memory max lots\n") == "usage: memory max SIZE|PERCENT%|unlimited");
}

TEST_CASE("weights, tasks and shares of the processors") {
  const auto job = parsed("cpu weight 20\nio weight 10000\ntasks max 64\ncpu max 150%\n");
  CHECK(job.group_limits->cpu_weight == 20);
  CHECK(job.group_limits->io_weight == 10'000);
  CHECK(job.group_limits->tasks_max == 64);
  CHECK(job.group_limits->cpu_max == ProcessorShare{150'000, 100'000});
  CHECK(parsed("cpu max 20000 50000\n").group_limits->cpu_max == ProcessorShare{20'000, 50'000});
  CHECK(said("cpu weight 0\n") == Lines{"1:12 Illegal weight, expected 1 to 10000"});
  CHECK(said("io weight 10001\n") == Lines{"1:11 Illegal weight, expected 1 to 10000"});
  CHECK(said("tasks max 0\n") == Lines{"1:11 Illegal number of tasks, expected 1 or more, or 'unlimited'"});
  const std::string bad =
      "1:9 Illegal processor share, expected a percentage, microseconds and their period, or 'unlimited'";
  for (const std::string value : {"half", "0%", "999 1000", "50x"})
    CHECK(said("cpu max " + value + "\n") == Lines{bad});
  CHECK(said("cpu max 20000\n") == Lines{"1:14 Expected token"});
  CHECK(said("cpu max 20000 5\n") == Lines{"1:15 Illegal period, expected 1000 to 1000000 microseconds"});
  CHECK(said("cpu max 50% 1000\n") == Lines{"1:13 Unexpected token"});
  CHECK(said("memory least 5\n") == Lines{"1:8 Unknown stanza"});
}

TEST_CASE("a bounding set is what is kept, or what is taken away") {
  CHECK(parsed("capability bounding CAP_CHOWN net_raw\n").sandbox->bounding == (chown_bit | net_raw_bit));
  CHECK(parsed("capability bounding -cap_chown -NET_RAW\n").sandbox->bounding == ~(chown_bit | net_raw_bit));
  CHECK(parsed("capability bounding none\n").sandbox->bounding == 0);
  CHECK(parsed("capability bounding none\ncapability bounding all\n").sandbox->bounding == all_capabilities);
  CHECK(parsed("capability ambient CAP_NET_RAW\n").sandbox->ambient == net_raw_bit);
  CHECK(said("capability bounding CAP_CHWON\n") ==
        Lines{"1:21 Illegal capability, expected a name of capabilities(7)"});
  CHECK(suggestion_of("capability bounding CAP_CHWON\n") == "did you mean `CAP_CHOWN`?");
  CHECK(said("capability bounding CAP_CHOWN -CAP_NET_RAW\n") ==
        Lines{"1:31 Illegal list, expected a - before each capability or before none"});
  CHECK(said("capability ambient -CAP_CHOWN\n") ==
        Lines{"1:20 Illegal capability, expected a name of capabilities(7)"});
  CHECK(said("capability bounding\n") == Lines{"1:20 Expected token"});
  CHECK(name_of_capability(40) == "CAP_CHECKPOINT_RESTORE");
  CHECK(name_of_capability(41).empty());
}

TEST_CASE("the sandbox is switched on by a word, and taken back by `off`") {
  const auto job =
      parsed("no-new-privs\nprivate tmp\nprotect system\nprotect home\nprotect except /var/lib/a '/b c' -/d\n");
  CHECK(job.sandbox->no_new_privileges);
  CHECK(job.sandbox->private_tmp);
  CHECK(job.sandbox->protect_system == ProtectSystem::with_etc);
  CHECK(job.sandbox->protect_home == ProtectHome::hidden);
  CHECK(job.sandbox->writable == Lines{"/var/lib/a", "/b c", "-/d"});
  const auto open =
      parsed("no-new-privs off\nprivate tmp off\nprotect system off\nprotect home off\n", Dialect::conf, &job);
  CHECK(open.sandbox->writable.size() == 3);
  CHECK_FALSE(open.sandbox->private_tmp);
  CHECK(parsed("protect system strict\n").sandbox->protect_system == ProtectSystem::strict);
  CHECK(parsed("protect home read-only\n").sandbox->protect_home == ProtectHome::read_only);
  CHECK(said("protect system most\n") == Lines{"1:16 Unknown stanza"});
  CHECK(said("protect except var/lib\n") == Lines{"1:16 Illegal path, expected one that begins with /"});
  CHECK(said("private tmp yes\n") == Lines{"1:13 Unknown stanza"});
  CHECK(suggestion_of("no-new-priv\n").contains("no-new-privs"));
}

TEST_CASE("what is excepted from nothing is warned of") {
  CHECK(said("protect except /a\n", Diagnostic::Severity::warning) ==
        Lines{"1:1 `protect except` without `protect system` or `protect home` has no effect"});
  CHECK(said("protect except /a\nprotect home\n", Diagnostic::Severity::warning).empty());
}

TEST_CASE("a job that takes back all that it said is one that never said it") {
  CHECK(parsed("private tmp\nprivate tmp off\n") == parsed(""));
  CHECK_FALSE(parsed("private tmp\n") == parsed(""));
}

TEST_CASE("limits and sandbox are written as they were read, in the shortest form") {
  const std::string text = "memory max 512M\nmemory high 50%\ncpu weight 20\ncpu max 25%\ntasks max unlimited\n"
                           "io weight 7\nno-new-privs\ncapability bounding CAP_CHOWN CAP_NET_RAW\n"
                           "capability ambient CAP_NET_RAW\nprivate tmp\nprotect system usr\nprotect home empty\n"
                           "protect except /a\nprotect except \"/b c\"\n";
  CHECK(print(parsed(text)) == text);
  CHECK(print(parsed("memory max 1536K\ncpu max 20000 50000\n")) == "memory max 1536K\ncpu max 20000 50000\n");
  CHECK(print(parsed("memory max 1000\ncpu max max\n")) == "memory max 1000\ncpu max unlimited\n");
  CHECK(print(parsed("capability bounding -kill\n")) == "capability bounding -CAP_KILL\n");
  CHECK(print(parsed("protect system strict\nprotect home\n")) == "protect system strict\nprotect home\n");
  for (const auto* each : {"capability bounding none\nprotect system\nprotect home read-only\n", "memory max 0\n",
                           "memory high 9007199254740993\ncpu max 1000000000%\n", "capability bounding -chown all\n"})
    CHECK_MESSAGE(!violated_property(each), violated_property(each).value_or(""));
}
