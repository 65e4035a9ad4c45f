#include "daemons/base/program/heap.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

using namespace upstart::base;

#ifndef __SANITIZE_ADDRESS__
TEST_CASE("memory that is free between pieces in use is given back, where there is enough of it") {
  std::vector<std::unique_ptr<char[]>> pieces;
  constexpr std::size_t size = 1000;
  constexpr std::size_t number = 20'000;
  for (std::size_t i = 0; i < number; ++i) pieces.push_back(std::make_unique<char[]>(size));
  for (std::size_t i = 0; i < number; ++i)
    if (i % 100 != 0) pieces[i].reset();
  CHECK_FALSE(give_back_free_memory(2 * number * size));
  CHECK(give_back_free_memory(number * size / 2));
}
#endif
