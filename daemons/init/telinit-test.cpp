#include "daemons/init/telinit.hpp"

#include <doctest/doctest.h>

using namespace upstart::init;

TEST_CASE("what telinit takes is for telinit, also with its long options and behind the end of the options") {
  CHECK(is_for_telinit({"3"}));
  CHECK(is_for_telinit({"-e", "A=1", "--quiet", "2"}));
  CHECK(is_for_telinit({}));
  CHECK(is_for_telinit({"--", "--usre"}));
}

TEST_CASE("other long options are init's, misspelt ones too") {
  for (const auto* option : {"--user", "--usre", "--help", "--confdir=/x"}) {
    CAPTURE(option);
    CHECK_FALSE(is_for_telinit({option}));
  }
}
