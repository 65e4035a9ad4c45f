#include "daemons/base/values/lifetime.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <vector>

using upstart::base::Lifetime;

TEST_CASE("an observer tells whether its object is still there, as do its copies, in whatever order they go") {
  auto object = std::make_unique<Lifetime>();
  std::vector<std::unique_ptr<Lifetime::Observer>> observers;
  observers.push_back(std::make_unique<Lifetime::Observer>(*object));
  for (int i = 0; i < 3; ++i) observers.push_back(std::make_unique<Lifetime::Observer>(*observers.back()));
  observers.erase(observers.begin() + 1); // from the middle
  observers.erase(observers.begin());     // the one that joined first
  observers.pop_back();                   // the one that joined last
  REQUIRE(observers.size() == 1);
  CHECK_FALSE(observers[0]->expired());
  object.reset();
  CHECK(observers[0]->expired());
  Lifetime::Observer late{*observers[0]};
  CHECK(late.expired());
}

TEST_CASE("an observer that takes another's place asks about that one's object") {
  auto first = std::make_unique<Lifetime>();
  Lifetime second;
  Lifetime::Observer of_first{*first}, of_second{second};
  of_first = of_second;
  first.reset();
  CHECK_FALSE(of_first.expired());
  Lifetime::Observer& same = of_first;
  of_first = same;
  CHECK_FALSE(of_first.expired());
}

TEST_CASE("what is called later knows that its object has gone") {
  int calls = 0;
  std::function<void()> later;
  {
    Lifetime object;
    later = [&calls, observer = Lifetime::Observer{object}] {
      if (!observer.expired()) ++calls;
    };
    auto copy = later;
    copy();
  }
  later();
  CHECK(calls == 1);
}
