#include "daemons/base/values/rare.hpp"

#include <doctest/doctest.h>

#include <string>

using upstart::base::Rare;

TEST_CASE("a value that is seldom there takes its room when it is changed, and gives it back") {
  Rare<std::string> name;
  CHECK(sizeof name == sizeof(void*));
  CHECK(name->empty());
  CHECK_FALSE(static_cast<bool>(name));
  name.edit() = "one";
  CHECK(*name == "one");
  name.tidy();
  CHECK(static_cast<bool>(name));
  name.edit().clear();
  name.tidy();
  CHECK_FALSE(static_cast<bool>(name));
  name.edit() = "two";
  name.reset();
  CHECK_FALSE(static_cast<bool>(name));
  CHECK(name->empty());
}

TEST_CASE("a value that is seldom there is copied and compared as what it stands for") {
  Rare<std::string> name;
  name.edit() = "one";
  auto copy = name;
  copy.edit() = "two";
  CHECK(*name == "one");
  CHECK_FALSE(copy == name);
  name = copy;
  CHECK(name == copy);
  name.edit().clear(); // has room, and is as one that has none
  CHECK(name == Rare<std::string>{});
  copy.reset();
  CHECK(copy == name);
}
