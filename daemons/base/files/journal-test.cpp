#include "daemons/base/files/journal.hpp"

#include "daemons/base/files/test/journal-fixture.hpp"

#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <optional>

using upstart::base::test::FullDisk;
using upstart::base::test::tmpfs_directory;
using namespace upstart::base;

namespace {

std::expected<void, std::string> rewrite(Journal& journal, const std::vector<std::string>& records) {
  auto contents = journal.contents();
  for (const auto& record : records) contents.add(record);
  return journal.rewrite(contents);
}

using Lines = std::vector<std::string>;

const std::string magic = "upstart test 1\n";
constexpr std::size_t frame_size = 16; // before each record

struct Directory : upstart::base::test::TemporaryDirectory {
  using TemporaryDirectory::TemporaryDirectory;
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

Journal::Found opened_again(Journal::Found before, const std::string& path) {
  { auto closed = std::move(before); }
  return opened(path);
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
  write(directory.file(), {"first"});
  write(directory.file(), {"second"});
  auto whole = contents(directory.file());
  auto before_second = whole.size() - frame_size - 6;
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

TEST_CASE("of records that were written together and torn, none is found") {
  Directory directory;
  write(directory.file(), {"before"});
  auto before = contents(directory.file()).size();
  write(directory.file(), {"one", "two", "three"});
  auto whole = contents(directory.file());
  for (auto size = before; size < whole.size(); ++size) {
    CAPTURE(size);
    overwrite(directory.file(), whole.substr(0, size));
    auto found = opened(directory.file());
    CHECK(found.records == Lines{"before"});
    CHECK(found.fault.empty() == (size == before));
    CHECK(found.journal.size() == before);
  }
}

TEST_CASE("any flipped bit of a record costs that record alone, one before the first costs none, and the file is kept "
          "aside") {
  Directory directory;
  Lines records{"first", "second", "third", "fourth"};
  for (const auto& record : records) write(directory.file(), {record});
  auto whole = contents(directory.file());
  for (std::size_t at = 0; at < magic.size(); ++at) {
    CAPTURE(at);
    auto bytes = whole;
    bytes[at] = '?';
    overwrite(directory.file(), bytes);
    CHECK(opened(directory.file()).records == records);
  }
  auto begin = magic.size();
  for (std::size_t damaged = 0; damaged < records.size(); ++damaged) {
    Lines others = records;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(damaged));
    auto end = begin + frame_size + records[damaged].size();
    for (auto at = begin; at < end; ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        CAPTURE(at);
        CAPTURE(bit);
        auto bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
        overwrite(directory.file(), bytes);
        auto found = opened(directory.file());
        CHECK(found.records == others);
        CHECK(found.fault.contains("is damaged at byte " + std::to_string(begin)));
        CHECK(contents(directory.file() + ".damaged") == bytes);
      }
    }
    begin = end;
  }
}

TEST_CASE("after damage the journal goes on with what is whole, and the next reader finds no fault") {
  Directory directory;
  write(directory.file(), {"first", "second", "third"});
  auto bytes = contents(directory.file());
  bytes[bytes.find("second")] = 'X';
  overwrite(directory.file(), bytes);
  write(directory.file(), {"fourth"});
  auto found = opened(directory.file());
  CHECK(found.records == Lines{"first", "third", "fourth"});
  CHECK(found.fault.empty());
}

TEST_CASE("garbage between and after records, and a hole of zeros, cost nothing but themselves") {
  Directory directory;
  write(directory.file(), {"first"});
  auto first = contents(directory.file());
  write(directory.file(), {"second"});
  auto second = contents(directory.file()).substr(first.size());
  for (const auto& garbage : {std::string(5000, '\0'), std::string("\xffUJe"),
                              std::string("\xffUJm, more than a frame"), std::string(300, '\xff'), second.substr(1)}) {
    overwrite(directory.file(), first + garbage + second + garbage + "!");
    CHECK(opened(directory.file()).records == Lines{"first", "second"});
    std::filesystem::remove(directory.file());
  }
}

TEST_CASE("a file of another form is not read: it is kept, and the fault names both forms") {
  Directory directory;
  {
    auto other = Journal::open(directory.file(), "upstart test 27\n");
    REQUIRE(other);
    other->journal.add("a record of that form");
    REQUIRE(other->journal.write());
  }
  auto written = contents(directory.file());
  auto found = opened(directory.file());
  CHECK(found.records.empty());
  CHECK(found.fault == directory.file() +
                           " was written by another version of this program (\"upstart test 27\", and this one reads "
                           "\"upstart test 1\"): nothing of it is used, and it is kept as " +
                           directory.file() + ".other");
  CHECK(contents(directory.file() + ".other") == written);
}

TEST_CASE("on a full disk a journal is opened, refuses what is written, and works again when it is rewritten") {
  Directory directory;
  auto full = std::make_optional<FullDisk>(3);
  auto found = opened(directory.file());
  CHECK_FALSE(found.journal.intact());
  CHECK(found.fault == "unable to write " + directory.file() + ": File too large");
  found.journal.add("lost");
  CHECK_FALSE(found.journal.write());
  full.reset();
  REQUIRE(rewrite(found.journal, {"new"}));
  CHECK(found.journal.intact());
  found.journal.add("newer");
  REQUIRE(found.journal.write());
  CHECK(opened_again(std::move(found), directory.file()).records == Lines{"new", "newer"});
}

TEST_CASE("damage that cannot be set aside for want of room loses nothing that is whole") {
  Directory directory;
  write(directory.file(), {"first", "second", "third"});
  auto bytes = contents(directory.file());
  bytes[bytes.find("second")] = 'X';
  overwrite(directory.file(), bytes);
  {
    FullDisk full{10};
    auto found = opened(directory.file());
    CHECK(found.records == Lines{"first", "third"});
    CHECK_FALSE(found.journal.intact());
  }
  CHECK(contents(directory.file()) == bytes);
  CHECK(opened(directory.file()).records == Lines{"first", "third"});
}

TEST_CASE("a file that is no journal is kept aside") {
  Directory directory;
  overwrite(directory.file(), "what is this?");
  auto found = opened(directory.file());
  CHECK(found.records.empty());
  CHECK(found.fault.contains("is no journal of this kind"));
  CHECK(contents(directory.file() + ".damaged") == "what is this?");
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
    REQUIRE(rewrite(found.journal, {"new"}));
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
  REQUIRE(rewrite(found.journal, {std::string(2U << 20U, 'x')}));
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
    CHECK_FALSE(rewrite(found.journal, {std::string(100, 'x')}));
    CHECK_FALSE(std::filesystem::exists(directory.file() + ".new"));
  }
  found.journal.add("again");
  REQUIRE(found.journal.write());
  CHECK(contents(directory.file()).starts_with(before));
}

namespace {

// Enough for a journal to be one that is written often.
Lines many_records() {
  Lines records;
  for (int i = 0; i < 300; ++i) records.push_back(std::to_string(i) + std::string(500, 'x'));
  return records;
}

// What a process leaves that is killed after it has written these records one by one.
void write_and_die(const std::string& path, const Lines& records) {
  pid_t writer = ::fork();
  if (writer == 0) {
    auto found = Journal::open(path, magic);
    for (const auto& record : records) {
      found->journal.add(record);
      if (!found->journal.write()) ::_exit(1);
    }
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(writer, &status, 0) == writer);
  REQUIRE(WIFSIGNALED(status));
}

} // namespace

TEST_CASE("a journal that is written often has room behind its end, and what a killed process wrote is all found") {
  auto tmpfs = tmpfs_directory();
  if (!tmpfs) {
    MESSAGE("skipped: there is no tmpfs");
    return;
  }
  Directory directory{*tmpfs};
  auto records = many_records();
  write_and_die(directory.file(), records);
  auto left = contents(directory.file());
  CHECK(left.ends_with(std::string(100, '\0')));
  auto found = opened(directory.file());
  CHECK(found.records == records);
  CHECK(found.fault.empty());
  CHECK(contents(directory.file()).size() == found.journal.size());
}

TEST_CASE("a file that was replaced is used again by the next rewrite, and nothing that it held is found in it") {
  auto tmpfs = tmpfs_directory();
  if (!tmpfs) {
    MESSAGE("skipped: there is no tmpfs");
    return;
  }
  Directory directory{*tmpfs};
  auto of_file = [&](const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
  };
  // Where this process has it in memory, as a line of its list begins.
  auto mapped_at = [](const std::string& path) {
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);)
      if (line.ends_with(" " + path)) return line.substr(0, line.find(' '));
    return std::string{};
  };
  auto spare = directory.file() + ".new";
  for (bool closed : {true, false}) {
    pid_t writer = ::fork();
    if (writer == 0) {
      auto found = Journal::open(directory.file(), magic);
      auto rewrites = [&](int times) {
        for (int time = 0; time < times; ++time) {
          for (const auto& record : many_records()) {
            found->journal.add(record);
            if (!found->journal.write()) ::_exit(1);
          }
          auto replaced = of_file(directory.file()), used_again = of_file(spare);
          auto mapped = mapped_at(spare);
          if (!rewrite(found->journal, {"new", std::to_string(time)})) ::_exit(2);
          if (of_file(spare) != replaced) ::_exit(3);
          if (time > 0 && of_file(directory.file()) != used_again) ::_exit(4);
          if (time > 2 && (mapped.empty() || mapped_at(directory.file()) != mapped)) ::_exit(8);
        }
      };
      rewrites(4);
      // Too much for the spare one.
      if (!rewrite(found->journal, {std::string(1U << 20U, 'x')})) ::_exit(5);
      if (!std::filesystem::exists(spare)) ::_exit(6);
      rewrites(2);
      // The spare one serves, and the file that it replaces is too large to be one.
      while (found->journal.size() < 3U << 20U)
        for (const auto& record : many_records()) {
          found->journal.add(record);
          if (!found->journal.write()) ::_exit(9);
        }
      if (!rewrite(found->journal, {"small"})) ::_exit(10);
      if (std::filesystem::exists(spare)) ::_exit(11);
      found->journal.add("more");
      if (!found->journal.write() || !rewrite(found->journal, {"smaller"})) ::_exit(12);
      rewrites(3);
      found->journal.add("newer");
      if (!found->journal.write()) ::_exit(7);
      if (closed) { auto end = std::move(*found); }
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(writer, &status, 0) == writer);
    CAPTURE(closed);
    CHECK(status == 0);
    CHECK(std::filesystem::exists(spare) == !closed);
    CHECK(contents(directory.file()).ends_with(std::string(100, '\0')) == !closed);
    auto found = opened(directory.file());
    CHECK(found.records == Lines{"new", "2", "newer"});
    CHECK(found.fault.empty());
    REQUIRE(rewrite(found.journal, {"last"}));
    CHECK_FALSE(std::filesystem::exists(spare));
  }
}

TEST_CASE("closed in order a journal has no room behind its end, and it is rewritten without it") {
  auto tmpfs = tmpfs_directory();
  if (!tmpfs) {
    MESSAGE("skipped: there is no tmpfs");
    return;
  }
  Directory directory{*tmpfs};
  auto found = opened(directory.file());
  for (const auto& record : many_records()) {
    found.journal.add(record);
    REQUIRE(found.journal.write());
  }
  CHECK(contents(directory.file()).size() > found.journal.size());
  auto size = found.journal.size();
  CHECK(opened_again(std::move(found), directory.file()).journal.size() == size);
  auto again = opened(directory.file());
  REQUIRE(rewrite(again.journal, {"one"}));
  CHECK(contents(directory.file()).size() == again.journal.size());
  again.journal.add("two");
  REQUIRE(again.journal.write());
  CHECK(opened_again(std::move(again), directory.file()).records == Lines{"one", "two"});
}

TEST_CASE(
    "where a page that was taken may fail when it is written, as on a disk, a journal has no room behind its end") {
  struct statfs where{};
  if (::statfs(".", &where) < 0 || where.f_type == TMPFS_MAGIC || ::access(".", W_OK) < 0) {
    MESSAGE("skipped: the current directory is on a tmpfs, or cannot be written");
    return;
  }
  Directory directory{"."};
  auto found = opened(directory.file());
  auto records = many_records();
  for (const auto& record : records) {
    found.journal.add(record);
    REQUIRE(found.journal.write());
  }
  CHECK(contents(directory.file()).size() == found.journal.size());
  CHECK(opened_again(std::move(found), directory.file()).records == records);
}

TEST_CASE("of what was put into the room and did not come to its end, nothing is found, and the journal goes on") {
  Directory directory;
  write(directory.file(), {"first"});
  auto before = contents(directory.file());
  write(directory.file(), {"one", "two"});
  auto whole = contents(directory.file());
  // The markers come last, one after the other.
  auto first_marker = before.size(), second_marker = before.size() + frame_size + 3;
  for (int published = 0; published < 2; ++published) {
    auto torn = whole;
    torn.replace(second_marker, 4, 4, '\0');
    if (published == 0) torn.replace(first_marker, 4, 4, '\0');
    for (std::size_t room : {std::size_t{0}, std::size_t{3}, std::size_t{5000}}) {
      CAPTURE(published);
      CAPTURE(room);
      overwrite(directory.file(), torn + std::string(room, '\0'));
      auto found = opened(directory.file());
      CHECK(found.records == Lines{"first"});
      CHECK(found.fault.ends_with("the last records were not written to their end; they are dropped"));
      CHECK(found.journal.size() == before.size());
    }
  }
}

TEST_CASE("where there is no room for more than a write, a journal is written without, and refuses what does not fit") {
  Directory directory{tmpfs_directory().value_or("/tmp")};
  auto found = opened(directory.file());
  FullDisk full{40'000};
  Lines written;
  for (const auto& record : many_records()) {
    found.journal.add(record);
    if (!found.journal.write()) break;
    written.push_back(record);
  }
  CHECK(written.size() == 77); // 39 000 bytes and some
  CHECK(contents(directory.file()).size() == found.journal.size());
  CHECK(found.journal.intact());
  CHECK(opened_again(std::move(found), directory.file()).records == written);
}

TEST_CASE("records of an earlier version, which had another checksum, are read") {
  Directory directory;
  // As written by it: "one", then "two" and "three" together.
  auto frame = [](char place, const std::string& record, std::uint32_t checksum, std::uint32_t check) {
    std::string bytes = std::string{"\xffUJ"} + place;
    for (std::uint32_t number : {static_cast<std::uint32_t>(record.size()), checksum, check})
      bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
    return bytes + record;
  };
  overwrite(directory.file(), magic + frame('e', "one", 3123124719U, 3685473904U) +
                                  frame('m', "two", 3190065193U, 2601508622U) +
                                  frame('e', "three", 2290484163U, 628846539U));
  auto found = opened(directory.file());
  CHECK(found.records == Lines{"one", "two", "three"});
  CHECK(found.fault.empty());
}
