#include "daemons/job-supervisor/process/spawn/own-groups.hpp"

#include <doctest/doctest.h>

#include <grp.h>
#include <unistd.h>

#include <algorithm>

using namespace upstart::supervisor;

TEST_CASE("the groups are the user's, and the same list while the files are the same") {
  OwnGroups own;
  auto groups = own.current();
  REQUIRE(groups);
  CHECK(std::ranges::contains(*groups, ::getegid()));
  for (const auto* entry = ::getgrent(); entry != nullptr; entry = ::getgrent())
    for (char** member = entry->gr_mem; *member != nullptr; ++member)
      if (::geteuid() == 0 && std::string_view{*member} == "root") CHECK(std::ranges::contains(*groups, entry->gr_gid));
  ::endgrent();
  CHECK(own.current() == groups);
}
