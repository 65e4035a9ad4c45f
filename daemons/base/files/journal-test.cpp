#include "daemons/base/files/journal.hpp"

#include "daemons/base/files/test/journal-fixture.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using upstart::base::test::FullDisk;
using namespace upstart::base;

namespace {

using Lines = std::vector<std::string>;

const std::string magic = "upstart test 1\n";

struct Directory : upstart::base::test::TemporaryDirectory {
  [[nodiscard]] std::string file() const { return path() + "/test.journal"; }
};

std::string contents(const std::string& path) {
  std::ifstream stream{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

void overwrite(const std::string& path, const std::string& bytes) { std::ofstream{path, std::ios::binary} << bytes; }

Journal::Found opened(const std::string& path) {
  auto found = Journal::open(path, magic);
  REQUIRE_MESSAGE(found, (found ? "" : found.error()));
  return std::move(*found);
}

void write(const std::string& path, const Lines& records) {
  auto found = opened(path);
  for (const auto& record : records) found.journal.add(record);
  REQUIRE(found.journal.write());
}

} // namespace

TEST_CASE("what was written is found again, in order, and more can be written after it") {
  Directory directory;
  write(directory.file(), {"one", "", std::string("t\0o", 3)});
  write(directory.file(), {"four"});
  auto found = opened(directory.file());
  CHECK(found.records == Lines{"one", "", std::string("t\0o", 3), "four"});
  CHECK(found.fault.empty());
}

TEST_CASE("wherever the last write was torn, the records before it are found and the journal goes on") {
  Directory directory;
  write(directory.file(), {"first", "second"});
  auto whole = contents(directory.file());
  auto before_second = whole.size() - 8 - 6;
  for (auto size = before_second + 1; size < whole.size(); ++size) {
    CAPTURE(size);
    overwrite(directory.file(), whole.substr(0, size));
    CHECK(opened(directory.file()).records == Lines{"first"});
    write(directory.file(), {"third"});
    auto found = opened(directory.file());
    CHECK(found.records == Lines{"first", "third"});
    CHECK(found.fault.empty());
  }
}

TEST_CASE("a file torn while its very first bytes were written is an empty one") {
  Directory directory;
  overwrite(directory.file(), "upstart te");
  auto found = opened(directory.file());
  CHECK(found.records.empty());
  CHECK(found.fault.empty());
  CHECK(found.journal.size() == magic.size());
}

TEST_CASE("a last record whose bytes are not what was written is dropped, and that is told") {
  Directory directory;
  write(directory.file(), {"first", "second"});
  auto bytes = contents(directory.file());
  bytes.back() ^= 1;
  overwrite(directory.file(), bytes);
  auto found = opened(directory.file());
  CHECK(found.records == Lines{"first"});
  CHECK(found.fault.ends_with("the last record was not written to its end; it is dropped"));
}

TEST_CASE("a file damaged in its midst is kept aside; the records before the damage are used") {
  Directory directory;
  write(directory.file(), {"first", "second", "third"});
  auto bytes = contents(directory.file());
  bytes[bytes.find("second")] = 'X';
  overwrite(directory.file(), bytes);
  {
    auto found = opened(directory.file());
    CHECK(found.records == Lines{"first"});
    CHECK(found.fault.contains("is damaged from byte"));
    CHECK(contents(directory.file() + ".damaged") == bytes);
  }
  write(directory.file(), {"fourth"});
  CHECK(opened(directory.file()).records == Lines{"first", "fourth"});
}

TEST_CASE("a file that is no journal is kept aside") {
  Directory directory;
  overwrite(directory.file(), "what is this?");
  CHECK(opened(directory.file()).records.empty());
  CHECK(contents(directory.file() + ".damaged") == "what is this?");
}

TEST_CASE("two processes cannot use one journal") {
  Directory directory;
  auto first = opened(directory.file());
  auto second = Journal::open(directory.file(), magic);
  REQUIRE_FALSE(second);
  CHECK(second.error().contains("another process uses this journal"));
}

TEST_CASE("a directory that does not exist is named") {
  CHECK(Journal::open("/nonexistent/a.journal", magic).error() ==
        "unable to open /nonexistent/a.journal.lock: No such file or directory");
}

TEST_CASE("rewriting replaces all records, and writing goes on in the new file") {
  Directory directory;
  {
    auto found = opened(directory.file());
    found.journal.add("old");
    REQUIRE(found.journal.write());
    found.journal.add("unwritten");
    REQUIRE(found.journal.rewrite({"new"}));
    found.journal.add("newer");
    REQUIRE(found.journal.write());
  }
  CHECK(opened(directory.file()).records == Lines{"new", "newer"});
  CHECK_FALSE(std::filesystem::exists(directory.file() + ".new"));
}

TEST_CASE("a journal is worth rewriting when it has grown far beyond what it was") {
  Directory directory;
  auto found = opened(directory.file());
  CHECK_FALSE(found.journal.worth_rewriting());
  found.journal.add(std::string(2U << 20U, 'x'));
  REQUIRE(found.journal.write());
  CHECK(found.journal.worth_rewriting());
  REQUIRE(found.journal.rewrite({std::string(2U << 20U, 'x')}));
  CHECK_FALSE(found.journal.worth_rewriting());
}

TEST_CASE("a write that does not fit leaves the file as it was") {
  Directory directory;
  auto found = opened(directory.file());
  found.journal.add("fits");
  REQUIRE(found.journal.write());
  auto before = contents(directory.file());
  {
    FullDisk full{before.size() + 20};
    found.journal.add(std::string(100, 'x'));
    auto written = found.journal.write();
    REQUIRE_FALSE(written);
    CHECK(written.error() == "unable to write " + directory.file() + ": File too large");
    CHECK(contents(directory.file()) == before);
    CHECK_FALSE(found.journal.rewrite({std::string(100, 'x')}));
    CHECK_FALSE(std::filesystem::exists(directory.file() + ".new"));
  }
  found.journal.add("again");
  REQUIRE(found.journal.write());
  CHECK(contents(directory.file()).starts_with(before));
}
