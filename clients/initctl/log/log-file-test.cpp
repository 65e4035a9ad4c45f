#include "clients/initctl/log/log-file.hpp"

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

TEST_CASE("the log of a job whose usual log name is in use by another is found, and that one's too") {
  Directory directory;
  CHECK(log_path(directory.path, "net/web", "") == directory.path / "net_web.log");
  std::ofstream{directory.path / "net_web.log"} << "of net_web\n";
  std::ofstream{directory.path / "net_2fweb--.log"} << "of net/web\n";
  CHECK(log_path(directory.path, "net/web", "") == directory.path / "net_2fweb--.log");
  CHECK(log_path(directory.path, "net_web", "") == directory.path / "net_web.log");
}

TEST_CASE("the last lines of a file, whether or not it ends in a newline") {
  struct Row {
    const char* file;
    std::size_t lines;
    const char* last;
  };
  for (const auto& [file, lines, last] : {Row{"a\nb\nc\n", 2, "b\nc\n"}, Row{"a\nb\nc", 2, "b\nc"},
                                          Row{"a\nb\n", 5, "a\nb\n"}, Row{"", 1, ""}, Row{"\n\n", 1, "\n"}}) {
    Directory directory;
    directory.append(file);
    auto read = read_log(directory.log(), lines);
    REQUIRE(read);
    CHECK(read->text == last);
    CHECK(read->end == fs::file_size(directory.log()));
    CHECK(read_log(directory.log())->text == file);
  }
  CHECK(read_log("/no/such/file", 1).error() == ENOENT);
}

TEST_CASE("the last lines of a file are found however long they are") {
  Directory directory;
  std::string long_line(100'000, 'x');
  directory.append(("first\n" + long_line + "\nlast\n").c_str());
  CHECK(read_log(directory.log(), 2)->text == long_line + "\nlast\n");
  CHECK(read_log(directory.log(), 3)->text.starts_with("first\n"));
}

TEST_CASE("a growing file tells what was added, also after a rotation and after being cut short") {
  Directory directory;
  directory.append("old\n");
  GrowingFile file{directory.log(), 4};
  directory.append("new\n");
  CHECK(file.added() == "new\n");
  CHECK(file.added() == "");
  fs::rename(directory.log(), directory.path / "job.log.1");
  directory.append("after rotation\n");
  CHECK(file.added() == "after rotation\n");
  fs::resize_file(directory.log(), 0);
  directory.append("short\n");
  CHECK(file.added() == "short\n");
}

TEST_CASE("a file that is not there yet is waited for") {
  Directory directory;
  GrowingFile file{directory.log(), 0};
  CHECK(file.added() == "");
  directory.append("first\n");
  CHECK(file.added() == "first\n");
}
