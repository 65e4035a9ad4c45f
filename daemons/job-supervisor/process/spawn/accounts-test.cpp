#include "daemons/job-supervisor/process/spawn/accounts.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("users and groups are found in the files, and nobody where there is nobody") {
  auto root = find_account("root", false);
  REQUIRE(root);
  CHECK(root->user == 0);
  CHECK(find_group("root", false) == 0U);
  CHECK_FALSE(find_account("no-such-user", true));
  CHECK_FALSE(find_group("no-such-group", true));
  CHECK_FALSE(find_account("", false));
  std::array<char, 256> buffer;
  CHECK(name_of_user(0, buffer) == "root");
  CHECK(name_of_user(3'999'999'999, buffer).empty());
}
