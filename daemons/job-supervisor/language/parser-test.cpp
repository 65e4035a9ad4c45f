#include "daemons/job-supervisor/language/parser.hpp"
#include "daemons/job-supervisor/language/printer.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

namespace {

JobClass parsed(std::string_view text, Dialect dialect = Dialect::conf) {
  const auto result = parse_job(text, {.name = "job", .dialect = dialect});
  for (const auto& said : result.diagnostics)
    if (said.severity == Diagnostic::Severity::error) MESSAGE(format(said, "job.conf"));
  REQUIRE(result.job_class);
  return *result.job_class;
}

} // namespace

TEST_CASE("expressions group from the left, both operators alike") {
  CHECK(print(parsed("start on a or b and c\n").start_on) == "a or b and c");
  CHECK(print(parsed("start on a or (b and c X=1)\n").start_on) == "a or (b and c X=1)");
  CHECK(postfix(parsed("start on a or b and c Y!=2 \n").start_on) ==
        std::vector<std::vector<std::string>>{{"a"}, {"b"}, {"/OR"}, {"c", "Y!=2"}, {"/AND"}});
}
