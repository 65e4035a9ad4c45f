#include "daemons/base/log/log-stream.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>

#include <cstdlib>

using namespace upstart::base;

namespace {

struct Ends {
  FileDescriptor reader, writer;
};

Ends pipe_ends() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
  return {FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

Ends socket_ends() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

Ends terminal_ends() {
  int reader = -1;
  int writer = -1;
  REQUIRE(::openpty(&reader, &writer, nullptr, nullptr, nullptr) == 0);
  termios raw{};
  ::tcgetattr(writer, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(writer, TCSANOW, &raw);
  return {FileDescriptor{reader}, FileDescriptor{writer}};
}

std::string read_all(int fd) {
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  std::string result;
  char buffer[4096];
  for (ssize_t length; (length = ::read(fd, buffer, sizeof buffer)) > 0;)
    result.append(buffer, static_cast<std::size_t>(length));
  return result;
}

std::string line_of_dropped(std::uint64_t lines) { return dropped_message(lines) + "\n"; }

} // namespace

TEST_CASE("a log that nobody reads holds up nobody, and says how many lines it lost when it is read again") {
  for (auto make : {pipe_ends, socket_ends, terminal_ends}) {
    auto [reader, writer] = make();
    int flags = ::fcntl(writer.get(), F_GETFL);
    LogStream log{writer.get()};
    std::uint64_t lines = 0;
    while (log.dropped() < 3 && ++lines < 100'000) log.write("a line that nobody reads\n", line_of_dropped);
    REQUIRE(log.dropped() == 3);
    CHECK(::fcntl(writer.get(), F_GETFL) == flags); // of the shared open file
    read_all(reader.get());
    log.write("next\n", line_of_dropped);
    CHECK(read_all(reader.get()).ends_with("3 lines of the log were dropped, since nobody read them\nnext\n"));
    CHECK(log.dropped() == 0);
  }
}

TEST_CASE("a line that was written in part is ended before the next") {
  auto [reader, writer] = pipe_ends();
  LogStream log{writer.get()};
  log.write(std::string(6000, 'x') + "\n", line_of_dropped); // more than the pipe holds
  CHECK(log.dropped() == 1);
  CHECK(read_all(reader.get()) == std::string(4096, 'x'));
  log.write("next\n", line_of_dropped);
  CHECK(read_all(reader.get()) == "\n1 line of the log was dropped, since nobody read it\nnext\n");
}

TEST_CASE("a file gets every line, and a descriptor that is closed or has no reader does no harm") {
  std::string path = "/tmp/upstart-log-stream-XXXXXX";
  FileDescriptor file{::mkstemp(path.data())};
  ::unlink(path.c_str());
  LogStream log{file.get()};
  std::string long_line(100'000, 'x');
  log.write(long_line + "\n", line_of_dropped);
  CHECK(::lseek(file.get(), 0, SEEK_END) == 100'001);
  LogStream closed{-1};
  closed.write("line\n", line_of_dropped);
  CHECK(closed.dropped() == 1);
}
