#include "daemons/base/values/suggestions.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace upstart::base;

TEST_CASE("words are as far apart as the typing errors between them") {
  CHECK(edit_distance("exec", "exec") == 0);
  CHECK(edit_distance("exce", "exec") == 1);
  CHECK(edit_distance("", "exec") == 4);
  CHECK(edit_distance("task", "tasks") == 1);
  CHECK(edit_distance("abc", "xyz") == 3);
}

TEST_CASE("of the words that are near the nearest is meant, and none that is far") {
  constexpr std::array<std::string_view, 3> words{"network", "networks", "web"};
  CHECK(near_miss("netwrok", words) == "did you mean `network`?");
  CHECK(near_miss("NETWORKZ", words) == "did you mean `network`?");
  CHECK(near_miss("wbe", words) == "did you mean `web`?");
  CHECK(near_miss("printer", words).empty());
  CHECK(near_miss("", words).empty());
}
