#include "daemons/job-supervisor/expression/expand.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;
using upstart::protocol::Environment;

TEST_CASE("references are replaced by what they name") {
  Environment env{{"A=1", "B=b b", "EMPTY=", "NAME=A", "X_1=y"}};
  struct Row {
    const char *text, *expanded;
  };
  for (auto [text, expanded] : std::initializer_list<Row>{{"plain", "plain"},
                                                          {"$A", "1"},
                                                          {"$A:$B/x", "1:b b/x"},
                                                          {"${A}x", "1x"},
                                                          {"$X_1.", "y."},
                                                          {"${}", "$"},
                                                          {"a$", "a$"},
                                                          {"$ x", "$ x"},
                                                          {"${A:-d}", "1"},
                                                          {"${EMPTY:-d}", "d"},
                                                          {"${EMPTY-d}", ""},
                                                          {"${U-d}", "d"},
                                                          {"${U:-d}", "d"},
                                                          {"${A:+d}", "d"},
                                                          {"${EMPTY:+d}", ""},
                                                          {"${EMPTY+d}", "d"},
                                                          {"${U+d}", ""},
                                                          {"${U:-${A}}", "1"},
                                                          {"${U:-${V:-$B}}", "b b"},
                                                          {"${$NAME}", "1"}}) {
    CAPTURE(text);
    CHECK(expand(text, env) == std::string{expanded});
  }
}

TEST_CASE("an unknown reference is an error that names it") {
  auto result = expand("x$NAME", Environment{});
  REQUIRE_FALSE(result);
  CHECK(result.error() == "Unknown parameter: NAME");
  CHECK_FALSE(expand("${NAME", Environment{{"NAME=1"}}));
}

TEST_CASE("nesting without end is refused, not followed") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "${U:-";
  CHECK_FALSE(expand(deep + std::string(100'000, '}'), Environment{}));
}
