#include "daemons/base/bytes.hpp"

#include <doctest/doctest.h>

using upstart::base::ByteReader;
using upstart::base::ByteWriter;

namespace {

enum class Colour { red, green, blue };

template <typename Write> std::string written(Write&& write) {
  std::string bytes;
  ByteWriter writer{bytes};
  write(writer);
  return bytes;
}

std::string one_of_each() {
  return written([](ByteWriter& to) {
    to.number(std::uint64_t{1} << 63U);
    to.number(-1);
    to.truth(true);
    to.text(std::string_view{"a\0b", 3});
    to.texts({"", "x"});
    to.choice(Colour::blue);
    to.optional(std::optional{7U}, [&](unsigned value) { to.number(value); });
    to.optional(std::optional<unsigned>{}, [&](unsigned value) { to.number(value); });
  });
}

std::expected<void, std::string> read_one_of_each(std::string_view bytes) {
  ByteReader from{bytes};
  from.number();
  from.number<int>();
  from.truth();
  from.text();
  from.texts();
  from.choice(Colour::blue);
  from.optional([&] { return from.number<unsigned>(); });
  from.optional([&] { return from.number<unsigned>(); });
  return from.outcome();
}

} // namespace

TEST_CASE("every kind of field is read back as it was written") {
  auto bytes = one_of_each();
  ByteReader from{bytes};
  CHECK(from.number() == std::uint64_t{1} << 63U);
  CHECK(from.number<int>() == -1);
  CHECK(from.truth());
  CHECK(from.text() == std::string_view{"a\0b", 3});
  CHECK(from.texts() == std::vector<std::string>{"", "x"});
  CHECK(from.choice(Colour::blue) == Colour::blue);
  CHECK(from.optional([&] { return from.number<unsigned>(); }) == 7U);
  CHECK(from.optional([&] { return from.number<unsigned>(); }) == std::nullopt);
  CHECK(from.outcome());
}

TEST_CASE("bytes that end anywhere before their end are refused, and so are bytes that go on") {
  auto bytes = one_of_each();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(read_one_of_each(bytes.substr(0, size)).error() == "a record ends too early");
  CHECK(read_one_of_each(bytes + "x").error() == "a record goes on after its end");
}

TEST_CASE("a length that is larger than what is there takes no room") {
  auto bytes = written([](ByteWriter& to) { to.number(std::uint64_t{1} << 62U); });
  ByteReader text{bytes};
  CHECK(text.text().empty());
  CHECK(text.failed());
  ByteReader list{bytes};
  CHECK(list.texts().size() <= 1);
  CHECK(list.failed());
}

TEST_CASE("a number that its type cannot hold is refused") {
  auto bytes = written([](ByteWriter& to) { to.number(70'000); });
  ByteReader narrow{bytes};
  CHECK(narrow.number<std::uint16_t>() == 0);
  CHECK(narrow.outcome().error() == "a number is too large");
}

TEST_CASE("an enumerator that is not known is refused") {
  auto bytes = written([](ByteWriter& to) { to.choice(Colour::blue); });
  ByteReader from{bytes};
  CHECK(from.choice(Colour::green) == Colour::red);
  CHECK(from.outcome().error() == "a value is not among the known ones");
}

TEST_CASE("after the first fault everything is zero or empty, and the first reason is told") {
  auto bytes = written([](ByteWriter& to) { to.number(5); });
  ByteReader from{bytes};
  from.fail("it is odd");
  CHECK(from.number() == 0);
  CHECK(from.text().empty());
  CHECK_FALSE(from.truth());
  CHECK(from.outcome().error() == "it is odd");
}
