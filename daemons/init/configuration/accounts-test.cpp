#include "daemons/init/configuration/accounts.hpp"

#include <doctest/doctest.h>

using namespace upstart::init;

TEST_CASE("an account is found by its whole name") {
  constexpr const char* text =
      "root:x:0:0:root:/root:/bin/sh\nupstart:x:7:8::/:\nupstart-bridge:x:101:102:bridges:/:\n";
  CHECK(account_in(text, "upstart-bridge") == Account{101, 102});
  CHECK(account_in(text, "upstart") == Account{7, 8});
  CHECK_FALSE(account_in(text, "bridge"));
  CHECK_FALSE(account_in("", "upstart"));
  CHECK(account_in("\n\n\nupstart:x:7:8", "upstart") == Account{7, 8});
}

TEST_CASE("an account that is root's, or whose line is damaged, is none") {
  for (const char* line : {"a:x:0:5:::", "a:x:5:0:::", "a:x:5", "a:x::5:::", "a:x:5x:5:::", "a:x:-1:5:::",
                           "a:x:4294967295:5:::", "a:x:99999999999:5:::", "a"})
    CHECK_FALSE(account_in(line, "a"));
}
