#include "clients/rc/order/dependencies.hpp"

#include <doctest/doctest.h>

using namespace upstart::client;

namespace {

// "S20web" with the lines of a header; none for an empty one.
ScriptToOrder script(const char* file, const std::string& header = "") {
  auto text = "### BEGIN INIT INFO\n" + header + "\n### END INIT INFO";
  return {read_script_name(file).value(), header.empty() ? std::nullopt : read_lsb_header(text)};
}

using Numbers = std::set<std::size_t>;

} // namespace

TEST_CASE("a start waits for what it requires, and for nothing else") {
  Facilities facilities{{"$syslog", {"rsyslog"}}};
  auto waits =
      waits_by_headers({script("S01rsyslog", "# Provides: rsyslog"), script("S02a", "# Provides: a"),
                        script("S03b", "# Required-Start: $syslog\n# Should-Start: missing"),
                        script("S04c", "# Required-Start: a\n# X-Start-Before: d"), script("S05d", "# Provides: d")},
                       facilities);
  CHECK(waits == Waits{{}, {}, {0}, {1}, {3}});
}

TEST_CASE("a stop comes before that of what it requires") {
  auto waits = waits_by_headers({script("K01web", "# Required-Stop: db"), script("K02db", "# Provides: db")}, {});
  CHECK(waits == Waits{{}, {0}});
  waits = waits_by_headers({script("K01db", "# Provides: db"), script("K02web", "# Required-Stop: db")}, {});
  CHECK(waits == Waits{{1}, {}});
}

TEST_CASE("a script without a header, or one that wants the terminal, keeps its place") {
  const auto plain = "# Provides: p";
  CHECK(waits_by_headers({script("S01a", plain), script("S02old"), script("S03b", plain)}, {}) == Waits{{}, {0}, {1}});
  CHECK(waits_by_headers({script("S01a", plain), script("S02i", "# X-Interactive: true"), script("S03b", plain)}, {}) ==
        Waits{{}, {0}, {1}});
}

TEST_CASE("a facility that nobody defines stands for all that have smaller numbers; $all for all others") {
  const auto plain = "# Provides: p";
  CHECK(waits_by_headers({script("S01a", plain), script("S02b", "# Required-Start: $network"), script("S03c", plain)},
                         {}) == Waits{{}, {0}, {}});
  CHECK(waits_by_headers({script("S01a", "# Required-Start: $all"), script("S02b", plain)}, {}) == Waits{{1}, {}});
}

TEST_CASE("a circle is cut, so that every script runs") {
  auto waits = waits_by_headers(
      {script("S01a", "# Provides: a\n# Required-Start: b"), script("S02b", "# Provides: b\n# Required-Start: a")}, {});
  CHECK(waits == Waits{{}, {0}});
}

TEST_CASE("by numbers those of one number run together") {
  CHECK(waits_by_numbers({script("S01a"), script("S02b"), script("S02c"), script("S03d")}) ==
        Waits{{}, {0}, {0}, {0, 1, 2}});
  CHECK(waits_in_line(3) == Waits{{}, {0}, {1}});
}
