#include "daemons/file-bridge/core/quiet-writes.hpp"

#include <doctest/doctest.h>

using namespace upstart::file_bridge;
using namespace std::chrono_literals;

namespace {

QuietWrites::Time at(std::chrono::milliseconds time) { return QuietWrites::Time{time}; }
using Paths = std::vector<std::string>;

} // namespace

TEST_CASE("a file is complete when it is closed, however often it was written to") {
  QuietWrites writes;
  writes.modified("/a", at(0ms));
  writes.modified("/a", at(10ms));
  CHECK(writes.end("/a"));
  CHECK_FALSE(writes.end("/a"));
  CHECK_FALSE(writes.due());
}

TEST_CASE("a file that stays open is complete a quarter of a second after the last write") {
  QuietWrites writes;
  writes.modified("/a", at(0ms));
  writes.modified("/b", at(100ms));
  writes.modified("/a", at(200ms));
  CHECK(writes.due() == at(350ms));
  CHECK(writes.take_complete(at(349ms)).empty());
  CHECK(writes.take_complete(at(450ms)) == Paths{"/b", "/a"});
  CHECK_FALSE(writes.due());
}
