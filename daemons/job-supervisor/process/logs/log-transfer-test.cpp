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
} // namespace

TEST_CASE("what was read and not written is found by the next supervisor, wherever the first one died") {
  Places places;
  places.write("old\n");
  auto read = [&](LogTransfer& transfer) {
    std::string text = "line\n";
    std::ranges::copy(text, transfer.begin(places.log).begin());
  };
  {
    LogTransfer transfer{places.transfer};
    CHECK(transfer.take_left().text.empty());
    read(transfer); // how much it was is not said yet
  }
  CHECK(LogTransfer{places.transfer}.take_left().text == "line\n");
  CHECK(LogTransfer{places.transfer}.take_left().text.empty());
  {
    LogTransfer transfer{places.transfer};
    read(transfer);
    transfer.has_read(5);
    transfer.is_written_at(4);
  }
  places.write("li"); // a part was written
  auto left = LogTransfer{places.transfer}.take_left();
  CHECK(left.log == places.log);
  CHECK(left.text == "ne\n");
  {
    LogTransfer transfer{places.transfer};
    read(transfer);
    transfer.has_read(5);
    transfer.is_written_at(6);
    places.write("line\n");
  }
  CHECK(LogTransfer{places.transfer}.take_left().text.empty());
  {
    LogTransfer transfer{places.transfer};
    read(transfer);
    transfer.has_read(5);
    transfer.end();
  }
  CHECK(LogTransfer{places.transfer}.take_left().text.empty());
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
  places.write("old\none\n");
  std::ofstream{places.spool} << "one\n";
  LogFile second{places.log, places.spool};
  CHECK_FALSE(second.kept());
  CHECK(places.logged() == "old\none\n");
}
