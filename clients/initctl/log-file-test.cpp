#include "clients/initctl/log-file.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace upstart::client;
namespace fs = std::filesystem;

namespace {

struct Directory {
  Directory() {
    std::string name = fs::temp_directory_path() / "initctl-test.XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Directory() { fs::remove_all(path); }
  void append(const char* text) const { std::ofstream{log(), std::ios::app} << text; }
  [[nodiscard]] fs::path log() const { return path / "job.log"; }
  fs::path path;
};

} // namespace

TEST_CASE("a log is named after job and instance, without slashes") {
  CHECK(log_name("web", "") == "web.log");
  CHECK(log_name("net/if", "eth0/1") == "net_if-eth0_1.log");
}

TEST_CASE("the last lines of a text, whether or not it ends in a newline") {
  CHECK(last_lines("a\nb\nc\n", 2) == "b\nc\n");
  CHECK(last_lines("a\nb\nc", 2) == "b\nc");
  CHECK(last_lines("a\nb\n", 5) == "a\nb\n");
  CHECK(last_lines("", 1) == "");
}

TEST_CASE("a growing file tells what was added, also after a rotation and after being cut short") {
  Directory directory;
  directory.append("old\n");
  GrowingFile file{directory.log(), 4};
  directory.append("new\n");
  CHECK(file.next() == "new\n");
  fs::rename(directory.log(), directory.path / "job.log.1");
  directory.append("after rotation\n");
  CHECK(file.next() == "after rotation\n");
  fs::resize_file(directory.log(), 0);
  directory.append("short\n");
  CHECK(file.next() == "short\n");
}

TEST_CASE("a file that is not there yet is waited for") {
  Directory directory;
  GrowingFile file{directory.log(), 0};
  directory.append("first\n");
  CHECK(file.next() == "first\n");
}
