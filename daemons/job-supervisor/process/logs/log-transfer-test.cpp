#include "daemons/job-supervisor/process/logs/log-transfer.hpp"

#include "daemons/job-supervisor/process/logs/log-file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace upstart::supervisor;

namespace {
struct Places {
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("log-transfer-" + std::to_string(::getpid()));
  std::string transfer = directory / "transfer", log = directory / "a.log", spool = directory / "spool";
  Places() { std::filesystem::create_directory(directory); }
  ~Places() { std::filesystem::remove_all(directory); }
  void write(const std::string& text) const { std::ofstream{log, std::ios::app} << text; }
  [[nodiscard]] std::string logged() const {
    std::ifstream file{log};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
};

void read(LogTransfer& transfer, const std::string& log) {
  constexpr std::string_view text = "line\n";
  std::ranges::copy(text, transfer.begin(log).begin());
}

} // namespace

TEST_CASE("what was read and not written is found by the next supervisor, wherever the first one died") {
  Places places;
  places.write("old\n");
  {
    LogTransfer transfer{places.transfer};
    CHECK(transfer.left().text.empty());
    read(transfer, places.log); // how much it was is not said yet
  }
  for (int next : {1, 2}) { // who dies before it has written it leaves it there
    CAPTURE(next);
    CHECK(LogTransfer{places.transfer}.left().text == "line\n");
  }
  {
    LogTransfer transfer{places.transfer};
    read(transfer, places.log);
    transfer.has_read(5);
    transfer.is_written_at(places.log, 4, 0);
  }
  places.write("li"); // a part was written
  {
    LogTransfer next{places.transfer};
    auto left = next.left();
    CHECK(left.log == places.log);
    CHECK(left.text == "ne\n");
    CHECK(left.from == 2);
    places.write("[others]");
    next.is_written_at(places.log, 14, left.from);
    places.write("n");
  }
  CHECK(LogTransfer{places.transfer}.left().text == "e\n");
  {
    LogTransfer transfer{places.transfer};
    read(transfer, places.log);
    transfer.has_read(5);
    transfer.is_written_at(places.log, 15, 0);
    places.write("line\n");
  }
  CHECK(LogTransfer{places.transfer}.left().text.empty());
  {
    LogTransfer transfer{places.transfer};
    read(transfer, places.log);
    transfer.has_read(5);
    transfer.end();
  }
  CHECK(LogTransfer{places.transfer}.left().text.empty());
}

TEST_CASE("what was read and is kept, since the log cannot be written, is not found a second time") {
  Places places;
  std::string nowhere = places.directory / "later" / "a.log";
  {
    LogTransfer transfer{places.transfer};
    read(transfer, nowhere);
    transfer.has_read(5);
    LogFile{nowhere, places.spool}.append(
        "line\n", [&](const auto& file, auto size, auto from) { transfer.is_written_at(file, size, from); });
  }
  CHECK(LogTransfer{places.transfer}.left().text.empty());
  std::filesystem::create_directory(places.directory / "later");
  LogFile{nowhere, places.spool}.flush();
  std::ifstream file{nowhere};
  CHECK(std::string{std::istreambuf_iterator<char>{file}, {}} == "line\n");
}

TEST_CASE("what could not be written is kept for the next supervisor, and is written once") {
  Places places;
  std::string nowhere = places.directory / "later" / "a.log";
  {
    LogFile first{nowhere, places.spool};
    first.append("one\n");
    first.append("two\n");
    CHECK(first.kept());
  }
  std::filesystem::create_directory(places.directory / "later");
  LogFile second{nowhere, places.spool};
  CHECK(second.kept());
  second.flush();
  CHECK_FALSE(second.kept());
  CHECK_FALSE(std::filesystem::exists(places.spool));
  std::ifstream file{nowhere};
  CHECK(std::string{std::istreambuf_iterator<char>{file}, {}} == "one\ntwo\n");
}

TEST_CASE("what was written before the first supervisor could say so is not written again") {
  Places places;
  LogSpool spool{places.spool};
  spool.append("one\ntwo\n", {});
  places.write("old\n");
  spool.is_written_at(4);
  places.write("one\n");
  for (int next : {1, 2}) {
    CAPTURE(next);
    CHECK(LogSpool{places.spool}.take_up(places.log) == "two\n");
  }
  LogFile second{places.log, places.spool};
  CHECK(second.kept());
  second.flush();
  CHECK_FALSE(second.kept());
  CHECK(places.logged() == "old\none\ntwo\n");
  CHECK_FALSE(std::filesystem::exists(places.spool));
}

TEST_CASE("what was not written is, though the log ends with the same words") {
  Places places;
  places.write("tick\n");
  LogSpool{places.spool}.append("tick\n", {});
  LogFile{places.log, places.spool}.flush();
  CHECK(places.logged() == "tick\ntick\n");
}

TEST_CASE("what a supervisor of an earlier version has kept is written, too") {
  Places places;
  std::ofstream{places.spool} << "one\n";
  LogFile{places.log, places.spool}.flush();
  CHECK(places.logged() == "one\n");
}

TEST_CASE("of what is kept that is left which the log has no room for") {
  Places places;
  LogSpool spool{places.spool};
  spool.append("one\n", {});
  spool.append("two\n", {});
  spool.replace("two\n");
  CHECK_FALSE(std::filesystem::exists(places.spool + ".new"));
  CHECK(LogSpool::is_unfinished(places.spool + ".new"));
  CHECK(spool.take_up(places.log) == "two\n");
  spool.replace("");
  CHECK_FALSE(std::filesystem::exists(places.spool));
}
