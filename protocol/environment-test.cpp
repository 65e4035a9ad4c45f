#include "protocol/environment.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace upstart::protocol;

TEST_CASE("an environment keeps the order of first insertion, and the last value") {
  Environment env{{"A=1", "B=2", "A=3"}};
  CHECK(env.strings() == std::vector<std::string>{"A=3", "B=2"});
  env.set("C", "x=y");
  CHECK(env.get("C") == "x=y");
  CHECK_FALSE(env.contains("D"));
}

TEST_CASE("a key is found only whole") {
  Environment env{{"AB=1"}};
  CHECK_FALSE(env.contains("A"));
  CHECK_FALSE(env.unset("A"));
  CHECK(env.unset("AB"));
  CHECK(env.empty());
}

TEST_CASE("merging may keep what is there") {
  Environment env{{"A=1"}};
  env.merge(Environment{{"A=2", "B=2"}}, false);
  CHECK(env.strings() == std::vector<std::string>{"A=1", "B=2"});
  env.merge(Environment{{"A=2"}});
  CHECK(env.get("A") == "2");
}

TEST_CASE("strings without a key or without = are refused with the text that clients know") {
  for (const auto* bad : {"novalue", "=v", ""}) {
    auto env = Environment::parse({"A=1", bad});
    REQUIRE_FALSE(env);
    CHECK(env.error() == "Env must be KEY=VALUE pairs");
  }
  CHECK(Environment::parse({"A=", "B==x"}));
}

TEST_CASE("a hundred thousand variables are set, merged and kept apart as few are, and not in quadratic time") {
  std::vector<std::string> strings;
  for (int i = 0; i < 100'000; ++i) strings.push_back("VARIABLE" + std::to_string(i) + "=1");
  strings.push_back("VARIABLE7=again");
  strings.push_back("=no key");
  strings.push_back("no value");
  auto begin = std::chrono::steady_clock::now();
  Environment environment{strings};
  Environment other = environment;
  other.set("VARIABLE8", "other");
  other.set("MORE", "1");
  environment.merge(other, false);
  CHECK(environment.size() == 100'001);
  CHECK(environment.strings()[7] == "VARIABLE7=again");
  CHECK(environment.strings()[8] == "VARIABLE8=1");
  CHECK(environment.strings()[100'000] == "MORE=1");
  environment.merge(other);
  CHECK(environment.size() == 100'001);
  CHECK(environment.strings()[8] == "VARIABLE8=other");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{5}); // quadratic: minutes
}

TEST_CASE("a copy of an environment shares its strings until one of the two is changed") {
  Environment one{{"A=1", "B=2"}};
  auto other = one;
  CHECK(other.shares_with(one));
  other.set("A", "1"); // as it is
  CHECK(other.shares_with(one));
  other.set("A", "3");
  CHECK_FALSE(other.shares_with(one));
  CHECK(one.strings() == std::vector<std::string>{"A=1", "B=2"});
  CHECK(other.strings() == std::vector<std::string>{"A=3", "B=2"});
  auto third = one;
  CHECK(third.unset("A"));
  CHECK(one.contains("A"));
  third = one;
  third.merge(other);
  CHECK(one.get("A") == "1");
  Environment none;
  none.merge(one);
  CHECK(none.shares_with(one));
  none.clear();
  CHECK(one.size() == 2);
}

TEST_CASE("environments that are kept share their strings where they are equal") {
  RecentEnvironments recent;
  Environment one{{"A=1", "B=2"}}, other{{"A=1", "B=2"}}, different{{"B=2", "A=1"}}, empty;
  recent.share(one);
  recent.share(other);
  recent.share(different);
  recent.share(empty);
  CHECK(other.shares_with(one));
  CHECK_FALSE(different.shares_with(one));
  CHECK(different.strings() == std::vector<std::string>{"B=2", "A=1"});
  CHECK(empty.empty());
  one.set("A", "2");
  CHECK(other.get("A") == "1");
  one.clear();
  other.clear();
  Environment again{{"A=1", "B=2"}}; // nobody has the one that was kept any more
  recent.share(again);
  CHECK(again.size() == 2);
}
