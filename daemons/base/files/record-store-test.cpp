#include "daemons/base/files/record-store.hpp"

#include "daemons/base/files/test/journal-fixture.hpp"

#include <doctest/doctest.h>

#include <fstream>

using upstart::base::test::FullDisk;
using namespace upstart::base;

namespace {

using Records = std::map<std::string, std::string>;
using Lines = std::vector<std::string>;

struct Directory : upstart::base::test::TemporaryDirectory {
  [[nodiscard]] std::string file() const { return path() + "/test.journal"; }
};

RecordStore::Found opened(const Directory& directory, unsigned form = 1) {
  auto found = RecordStore::open(directory.file(), "upstart test", form);
  REQUIRE_MESSAGE(found, (found ? "" : found.error()));
  return std::move(*found);
}

Records records_in(const Directory& directory) { return opened(directory).records; }

// An owner with these records.
RecordStore::Snapshot all_of(const Records& records) {
  return [records](const RecordStore::Put& put) {
    for (const auto& [key, bytes] : records) put(key, bytes);
  };
}

const RecordStore::Snapshot unasked = [](const RecordStore::Put&) { FAIL("the snapshot is not needed"); };

std::string contents(const std::string& path) {
  std::ifstream stream{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

} // namespace

TEST_CASE("what was put last under each key is found again, and what was erased is not") {
  Directory directory;
  {
    auto store = opened(directory).store;
    CHECK_FALSE(store.has_unwritten());
    store.put("a", "one");
    store.put("b", std::string("\0two", 4));
    REQUIRE(store.write(unasked));
    store.put("a", "three");
    store.erase("b");
    store.put("c", "");
    CHECK(store.has_unwritten());
    REQUIRE(store.write(unasked));
    store.put("d", "never written");
  }
  CHECK(records_in(directory) == Records{{"a", "three"}, {"c", ""}});
}

TEST_CASE("wherever a write was torn, either all of its changes are found or none") {
  Directory directory;
  std::size_t before = 0;
  {
    auto store = opened(directory).store;
    store.put("a", "one");
    REQUIRE(store.write(unasked));
    before = contents(directory.file()).size();
    store.put("a", "two");
    store.put("b", "two");
    REQUIRE(store.write(unasked));
  }
  auto whole = contents(directory.file());
  for (auto size = before; size < whole.size(); ++size) {
    CAPTURE(size);
    std::ofstream{directory.file(), std::ios::binary} << whole.substr(0, size);
    CHECK(records_in(directory) == Records{{"a", "one"}});
  }
  std::ofstream{directory.file(), std::ios::binary} << whole;
  CHECK(records_in(directory) == Records{{"a", "two"}, {"b", "two"}});
}

TEST_CASE("a flipped byte in the last write costs that write, and it is told") {
  Directory directory;
  {
    auto store = opened(directory).store;
    store.put("a", "one");
    REQUIRE(store.write(unasked));
    store.put("a", "two");
    REQUIRE(store.write(unasked));
  }
  auto bytes = contents(directory.file());
  bytes.back() ^= 1;
  std::ofstream{directory.file(), std::ios::binary} << bytes;
  auto found = opened(directory);
  CHECK(found.records == Records{{"a", "one"}});
  CHECK(found.faults.size() == 1);
}

TEST_CASE("a record that is whole but no change is left out and told of") {
  Directory directory;
  {
    auto journal = Journal::open(directory.file(), "upstart test 1\n");
    REQUIRE(journal);
    journal->journal.add("\7nonsense");
    REQUIRE(journal->journal.write());
  }
  auto found = opened(directory);
  CHECK(found.records.empty());
  CHECK(found.faults == Lines{directory.file() + ": a value is not among the known ones; that change is left out"});
}

TEST_CASE("a file in another form, older or newer, is set aside and never read") {
  Directory directory;
  {
    auto store = opened(directory, 2).store;
    store.put("a", "in form two");
    REQUIRE(store.write(unasked));
  }
  for (unsigned form : {3U, 1U}) {
    auto aside = directory.file() + (form == 3U ? ".form-2" : ".form-3");
    auto before = contents(directory.file());
    auto found = opened(directory, form);
    CHECK(found.records.empty());
    CHECK(found.faults ==
          Lines{directory.file() + " is in form " + (form == 3U ? "2" : "3") + " and this version reads form " +
                std::to_string(form) + ": set aside as " + aside + ", nothing of it is used"});
    CHECK(contents(aside) == before);
  }
}

TEST_CASE("on a full disk the store is behind; when there is room again, all records are written anew") {
  Directory directory;
  {
    auto store = opened(directory).store;
    store.put("a", "one");
    REQUIRE(store.write(unasked));
    {
      FullDisk full{contents(directory.file()).size() + 10};
      store.put("b", std::string(100, 'x'));
      auto written = store.write(unasked);
      REQUIRE_FALSE(written);
      CHECK(written.error() == "unable to write " + directory.file() + ": File too large");
      CHECK(store.behind());
      store.put("c", "not gathered");
      CHECK_FALSE(store.write(all_of({{"a", "one"}, {"b", std::string(100, 'x')}})));
    }
    CHECK(store.has_unwritten());
    REQUIRE(store.write(all_of({{"a", "two"}, {"b", "two"}})));
    CHECK_FALSE(store.behind());
    CHECK_FALSE(store.has_unwritten());
    store.put("c", "three");
    REQUIRE(store.write(unasked));
  }
  CHECK(records_in(directory) == Records{{"a", "two"}, {"b", "two"}, {"c", "three"}});
}

TEST_CASE("a file that has grown far beyond what it holds is written anew") {
  Directory directory;
  {
    auto store = opened(directory).store;
    std::string large(300'000, 'x');
    for (int i = 0; i < 5; ++i) {
      store.put("a", large);
      REQUIRE(store.write(all_of({{"a", "small"}})));
    }
  }
  CHECK(contents(directory.file()).size() < 1'000'000);
  CHECK(records_in(directory).at("a") != "");
}

TEST_CASE("a directory that does not exist is named") {
  auto found = RecordStore::open("/nonexistent/test.journal", "upstart test", 1);
  REQUIRE_FALSE(found);
  CHECK(found.error().contains("/nonexistent/test.journal"));
}

TEST_CASE("a file that has grown and cannot be written anew is not tried at each write, but when it has doubled") {
  Directory directory;
  auto store = opened(directory).store;
  FullDisk full{8U << 20U};
  int asked = 0;
  auto too_much = [&](const RecordStore::Put& put) {
    ++asked;
    put("a", std::string(9U << 20U, 'x'));
  };
  auto grow = [&] {
    store.put("a", std::string(64U << 10U, 'x'));
    REQUIRE(store.write(too_much));
  };
  while (asked == 0) grow();
  for (int i = 0; i < 10; ++i) grow();
  CHECK(asked == 1);
  for (int i = 0; i < 10; ++i) grow();
  CHECK(asked == 2);
  CHECK_FALSE(store.behind());
}
