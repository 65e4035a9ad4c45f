#include "daemons/base/log/log-format.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <doctest/doctest.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>

using upstart::base::FileDescriptor;
using upstart::base::LogFormat;
using upstart::base::Severity;

namespace {

std::string stream_of(int fd) {
  struct stat status{};
  REQUIRE(::fstat(fd, &status) == 0);
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  FileDescriptor read, write;
};

} // namespace

TEST_CASE("on a stream of the journal a line begins with its severity and has no time") {
  Pipe pipe;
  auto format = LogFormat::for_descriptor("event-broker", pipe.write.get(), stream_of(pipe.write.get()));
  CHECK(format.line(Severity::error, "the journal is full", 0) == "<3>event-broker: the journal is full\n");
  CHECK(format.line(Severity::debug, "x", 0) == "<7>event-broker: x\n");
}

TEST_CASE("in a file a line tells when, which process, and how grave") {
  FileDescriptor file{::memfd_create("log", MFD_CLOEXEC)};
  ::setenv("TZ", "UTC", 1);
  auto format = LogFormat::for_descriptor("init", file.get(), "");
  CHECK(format.line(Severity::warning, "dbus-daemon ended", 86'400) ==
        "1970-01-02 00:00:00 init[" + std::to_string(::getpid()) + "]: warning: dbus-daemon ended\n");
}

TEST_CASE("in a pipe, and in a pipe that is not the one of JOURNAL_STREAM, a line is the program and the text") {
  Pipe pipe, other;
  for (const auto& journal_stream : {std::string{}, stream_of(other.write.get())}) {
    auto format = LogFormat::for_descriptor("init", pipe.write.get(), journal_stream);
    CHECK(format.line(Severity::error, "/etc/init/a.conf:3: Unknown stanza", 0) ==
          "init: /etc/init/a.conf:3: Unknown stanza\n");
  }
}

TEST_CASE("where standard error is closed lines are made nevertheless") {
  CHECK(LogFormat::for_descriptor("init", -1, "").style() == LogFormat::Style::plain);
}
