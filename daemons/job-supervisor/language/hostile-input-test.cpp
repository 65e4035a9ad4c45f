// Files made to be slow or to overflow the stack. Each is parsed, and printed where it parses; a parser that is not
// linear does not get through them before the test's time is up.
#include "daemons/job-supervisor/language/print-job.hpp"
#include "daemons/job-supervisor/language/test-support.hpp"

#include <functional>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;

std::string repeated(std::string_view part, std::size_t size = megabyte) {
  std::string text;
  text.reserve(size + part.size());
  while (text.size() < size) text += part;
  return text;
}

void survive(std::string_view text) {
  const auto result = parse_job(text, {.name = "job", .path = "job.conf"});
  CHECK((result.job_class != nullptr || !result.diagnostics.empty()));
  for (const auto& one : result.diagnostics) CHECK(format(one, "job.conf").size() < 2000);
  if (result.job_class && text.size() < megabyte / 2) CHECK(parsed(print(*result.job_class)) == *result.job_class);
}

// In time at its full size; and, where it is a job, printed and read again at a part of that.
void survive(const std::function<std::string(std::size_t)>& text_of_size) {
  survive(std::string_view(text_of_size(megabyte)));
  survive(std::string_view(text_of_size(megabyte / 16)));
}

} // namespace

TEST_CASE("a megabyte of one character is read in time") {
  for (const auto* c : {"(", ")", "\\", "\"", "'", "\n", "#", " ", "\r"}) {
    CAPTURE(c);
    survive([&](std::size_t size) { return repeated(c, size); });
    survive([&](std::size_t size) { return "exec " + repeated(c, size); });
    survive([&](std::size_t size) { return "start on " + repeated(c, size) + "\n"; });
    survive([&](std::size_t size) { return "description \"" + repeated(c, size); });
  }
}

TEST_CASE("one line of ten megabytes is read in time") {
  CHECK(said(repeated("x", 10 * megabyte)) == Lines{"1:1 Unknown stanza"});
  CHECK(parsed("exec " + repeated("y", 10 * megabyte)).command(ProcessKind::main)->text.size() == 10 * megabyte);
  CHECK(parsed("description \"" + repeated("a b ", 10 * megabyte) + "\"").description.size() == 10 * megabyte);
}

TEST_CASE("expressions may be as deep or as long as they like") {
  survive([](std::size_t size) {
    return "start on " + repeated("(a and ", size) + "b" + std::string((size + 6) / 7, ')') + "\n";
  });
  survive([](std::size_t size) { return "start on a" + repeated(" or a", size) + "\n"; });
  survive([](std::size_t size) { return "start on a " + repeated("K=v ", size) + "\n"; });
  survive([](std::size_t size) { return "start on " + repeated("and ", size); });
}

TEST_CASE("what is opened many times is not searched for many times") {
  for (const auto* line : {"start on (\n", "start on (a or\n", "exec \"a\n", "script\n", "scritp\n", "pre-start\n",
                           "script\nend\n", "description \"\n", "script foo\n", "end script\n"}) {
    CAPTURE(line);
    survive([&](std::size_t size) { return repeated(line, size); });
  }
}

TEST_CASE("many stanzas of one kind are read in time") {
  for (const auto* line :
       {"task\n", "start on a\n", "normal exit 1\n", "emits x\n", "nice 99\n", "x\n", "\\\n", "\\\r\n"}) {
    CAPTURE(line);
    survive([&](std::size_t size) { return repeated(line, size); });
  }
  survive([](std::size_t size) {
    std::string variables;
    for (int i = 0; variables.size() < size; ++i) variables += "env V" + std::to_string(i) + "=1\n";
    return variables;
  });
  survive([](std::size_t size) {
    std::string groups;
    for (int i = 0; groups.size() < size; ++i) groups += "cgroup c" + std::to_string(i) + " n k v\n";
    return groups;
  });
}
