#include "daemons/job-supervisor/configuration/read-job-file.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace upstart::supervisor;
namespace fs = std::filesystem;

namespace {

class Scratch {
public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "upstart-read-job-file-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(path_); }
  [[nodiscard]] std::string path(const std::string& below) const { return (path_ / below).string(); }

private:
  fs::path path_;
};

bool counts_as_missing(const std::string& path) {
  auto text = read_job_file(path);
  return !text && text.error().missing;
}

} // namespace

TEST_CASE("a file is read whole, whatever bytes it holds") {
  Scratch scratch;
  for (const auto& text : {std::string{}, std::string{"task\0task\n", 10}, std::string(300'000, 'x')}) {
    std::ofstream{scratch.path("a.conf"), std::ios::binary} << text;
    CHECK(read_job_file(scratch.path("a.conf")) == text);
  }
}

TEST_CASE("a file that reports no size is read whole as well") {
  auto text = read_job_file("/proc/self/status");
  REQUIRE(text.has_value());
  CHECK(text->starts_with("Name:"));
  CHECK(text->ends_with('\n'));
}

TEST_CASE("what is not there, or is no regular file, counts as missing and is not waited for") {
  Scratch scratch;
  fs::create_directory(scratch.path("directory"));
  REQUIRE(::mkfifo(scratch.path("fifo").c_str(), 0600) == 0);
  fs::create_symlink("nowhere", scratch.path("dangling"));
  for (auto below : {"nothing", "nothing/below", "directory", "fifo", "dangling"})
    CHECK(counts_as_missing(scratch.path(below)));
  CHECK(counts_as_missing("/dev/zero"));
}

TEST_CASE("a pipe or a device that somebody has named is read to its end") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  std::string text(60'000, 'x');
  std::thread writer{[&] {
    for (int i = 0; i < 2; ++i) CHECK(::write(ends[1], text.data(), text.size()) == 60'000);
    ::close(ends[1]);
  }};
  CHECK(read_named_job_file("/proc/self/fd/" + std::to_string(ends[0])) == text + text);
  writer.join();
  ::close(ends[0]);
  CHECK(read_named_job_file("/dev/null") == "");
  auto endless = read_named_job_file("/dev/zero");
  REQUIRE(!endless.has_value());
  CHECK(endless.error().reason == "is too large for a job file (over 64 MiB)");
}

TEST_CASE("what is no file says what it is") {
  Scratch scratch;
  fs::create_directory(scratch.path("directory"));
  CHECK(read_named_job_file(scratch.path("directory")).error().reason == "is a directory");
  REQUIRE(::mknod(scratch.path("socket").c_str(), S_IFSOCK | 0600, 0) == 0);
  CHECK(read_named_job_file(scratch.path("socket")).error().reason == "is not a regular file");
  CHECK(read_named_job_file(scratch.path("nothing")).error().reason == "cannot be read: No such file or directory");
  REQUIRE(::mkfifo(scratch.path("fifo").c_str(), 0600) == 0);
  CHECK(read_job_file(scratch.path("fifo")).error().reason == "is not a regular file");
}

TEST_CASE("a file that cannot be read says why") {
  Scratch scratch;
  fs::create_symlink("loop", scratch.path("loop"));
  auto text = read_job_file(scratch.path("loop"));
  REQUIRE(!text.has_value());
  CHECK(!text.error().missing);
  CHECK(text.error().reason == "cannot be read: Too many levels of symbolic links");
}

TEST_CASE("a file too large for memory's sake is refused before it is read to its end") {
  Scratch scratch;
  { std::ofstream make{scratch.path("huge")}; }
  fs::resize_file(scratch.path("huge"), std::uintmax_t{65} * 1024 * 1024);
  auto text = read_job_file(scratch.path("huge"));
  REQUIRE(!text.has_value());
  CHECK(text.error().reason == "is too large for a job file (over 64 MiB)");
}

TEST_CASE("others than root may write what is theirs, or open to their group or to everybody") {
  struct stat status{};
  status.st_mode = S_IFREG | 0644;
  CHECK_FALSE(writable_by_others(status));
  status.st_mode = S_IFREG | 0664;
  CHECK_FALSE(writable_by_others(status)); // the group is root's
  status.st_gid = 50;
  CHECK(writable_by_others(status) == "is writable by group 50");
  status.st_mode = S_IFREG | 0646;
  CHECK(writable_by_others(status) == "is writable by everybody");
  status.st_mode = S_IFDIR | 01777;
  CHECK_FALSE(writable_by_others(status));
  status.st_uid = 1000;
  CHECK(writable_by_others(status) == "belongs to user 1000");
}

TEST_CASE(
    "where jobs run as root, a file in a directory that everybody may write is not read, and the reason is told") {
  if (::geteuid() != 0) return;
  Scratch scratch;
  REQUIRE(::mkdir(scratch.path("open").c_str(), 0755) == 0);
  std::ofstream{scratch.path("open/a.conf")} << "task\n";
  REQUIRE(::chmod(scratch.path("open").c_str(), 0777) == 0);
  auto text = read_job_file(scratch.path("open/a.conf"));
  REQUIRE_FALSE(text);
  CHECK(text.error().reason ==
        "is not read, since others than root may write its directory, which is writable by everybody");
  REQUIRE(::chmod(scratch.path("open").c_str(), 0755) == 0);
  CHECK(read_job_file(scratch.path("open/a.conf")) == "task\n");
}

TEST_CASE("a reader of many files looks at their directory, and who may write it, once until it is told to forget") {
  if (::geteuid() != 0) return;
  Scratch scratch;
  for (const auto* name : {"one", "two"}) {
    REQUIRE(::mkdir(scratch.path(name).c_str(), 0755) == 0);
    std::ofstream{scratch.path(name + std::string{"/a.conf"})} << name;
  }
  JobFileReader reader;
  CHECK(reader.read(scratch.path("one/a.conf")) == "one");
  CHECK(reader.read(scratch.path("two/a.conf")) == "two");
  REQUIRE(::chmod(scratch.path("two").c_str(), 0777) == 0);
  CHECK(reader.read(scratch.path("two/a.conf")) == "two");
  reader.forget();
  CHECK_FALSE(reader.read(scratch.path("two/a.conf")));
  CHECK(reader.read(scratch.path("none/a.conf")).error().missing);
}
