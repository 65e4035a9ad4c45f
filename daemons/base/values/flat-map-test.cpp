#include "daemons/base/values/flat-map.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

using upstart::base::FlatMap;

TEST_CASE("a flat map says of each key what a map says, in whatever order they come and go") {
  FlatMap<int, int> flat;
  std::map<int, int> known;
  std::minstd_rand dice{1};
  for (int i = 0; i < 5000; ++i) {
    int key = i % 3 == 0 ? i : static_cast<int>(dice() % 1000);
    switch (dice() % 5) {
    case 0: CHECK(flat.emplace(key, i).second == known.emplace(key, i).second); break;
    case 1: flat.insert_or_assign(key, i), known.insert_or_assign(key, i); break;
    case 2: CHECK(flat.erase(key) == known.erase(key)); break;
    case 3: flat[key] += 1, known[key] += 1; break;
    default: CHECK(flat.contains(key) == known.contains(key));
    }
    CHECK(flat.size() == known.size());
  }
  CHECK(std::map<int, int>(flat.begin(), flat.end()) == known);
  CHECK(std::ranges::is_sorted(flat));
  const auto& same = flat;
  for (const auto& [key, value] : known) {
    REQUIRE(same.find(key) != same.end());
    CHECK(same.find(key)->second == value);
  }
  flat.clear();
  CHECK(flat.empty());
  CHECK(flat.find(known.begin()->first) == flat.end());
}
