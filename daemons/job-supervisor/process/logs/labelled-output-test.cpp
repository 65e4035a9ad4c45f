#include "daemons/job-supervisor/process/logs/labelled-output.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

using namespace upstart;
using supervisor::LabelledOutput;

namespace {

struct Reader {
  Reader() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reading = base::FileDescriptor{ends[0]};
    writing = base::FileDescriptor{ends[1]};
    ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  }
  // What is there now.
  std::string text() const {
    std::string all;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::read(reading.get(), part.data(), part.size())) > 0;)
      all.append(part.data(), static_cast<std::size_t>(got));
    return all;
  }
  base::FileDescriptor reading, writing;
};

} // namespace

TEST_CASE("lines of two jobs that come in pieces are whole, and each has its job in front") {
  base::EventLoop loop;
  Reader reader;
  LabelledOutput output{loop, reader.writing.get()};
  std::string web, db;
  output.write("web (1)", web, "one\ntw");
  output.write("db", db, "begun");
  output.write("web (1)", web, "o\n\nthree");
  CHECK(reader.text() == "web (1): one\nweb (1): two\nweb (1): \n");
  output.end_line("web (1)", web);
  output.end_line("db", db);
  output.end_line("db", db);
  CHECK(reader.text() == "web (1): three\ndb: begun\n");
}

TEST_CASE("a line that is too long becomes several, none of them empty") {
  base::EventLoop loop;
  Reader reader;
  LabelledOutput output{loop, reader.writing.get()};
  std::string begun;
  output.write("web", begun, std::string(2 * LabelledOutput::longest_line, 'x') + "\n");
  auto text = reader.text();
  CHECK(std::count(text.begin(), text.end(), 'x') == 2 * LabelledOutput::longest_line);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  CHECK(text.starts_with("web: xxx"));
  output.write("web", begun, std::string(LabelledOutput::longest_line - 6, 'y') + "\nz\n");
  CHECK(reader.text().ends_with("y\nweb: z\n"));
}

TEST_CASE("what nobody reads is kept, then dropped and counted, and its reader is never waited for") {
  base::EventLoop loop;
  Reader reader;
  LabelledOutput output{loop, reader.writing.get()};
  std::string begun;
  const std::string line = std::string(994, 'x') + "\n"; // 1000 bytes with its label
  for (int i = 0; i < 1000; ++i) output.write("web", begun, line);
  std::string all;
  base::Timer look{loop, [&] {
                     all += reader.text();
                     if (all.ends_with("read them\n")) loop.stop();
                     else look.start(std::chrono::milliseconds{1});
                   }};
  look.start(std::chrono::milliseconds{1});
  loop.run();
  auto lines = std::count(all.begin(), all.end(), '\n') - 1;
  CHECK(lines * 1000 >= static_cast<long>(LabelledOutput::most_kept));
  CHECK(all.ends_with("\ninit: " + std::to_string(1000 - lines) +
                      " lines that jobs have printed were dropped, since nobody read them\n"));
}
