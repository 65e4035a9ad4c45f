#include "daemons/base/values/shared.hpp"

#include <doctest/doctest.h>

#include <string>

using upstart::base::RecentlyShared;
using upstart::base::Shared;
using Text = Shared<std::string>;

TEST_CASE("copies share a value, and compare by what it is") {
  Text none, text{"a text that is too long to lie within a string"};
  CHECK(*none == "");
  CHECK(none == Text{""});
  CHECK_FALSE(none.shares_with(none));
  auto copy = text;
  CHECK(copy.shares_with(text));
  Text equal{std::string{*text}};
  CHECK(equal == text);
  CHECK_FALSE(equal.shares_with(text));
  auto moved = std::move(copy);
  CHECK(moved.shares_with(text));
  const auto& same = moved;
  moved = same;
  CHECK(moved->size() == text->size());
  text = none;
  CHECK(*moved == "a text that is too long to lie within a string"); // it has others still
  CHECK_FALSE(moved == text);
}

TEST_CASE("equal values that are shared soon after another become one, as many as there are slots") {
  RecentlyShared<std::string, 2> recent;
  auto one = recent.share("one"), two = recent.share("two");
  CHECK(recent.share("one").shares_with(one));
  CHECK(recent.share(Text{"two"}).shares_with(two));
  auto three = recent.share("three"); // in place of the one that came first
  CHECK(recent.share("two").shares_with(two));
  CHECK_FALSE(recent.share("one").shares_with(one));
}
