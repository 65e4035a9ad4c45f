// Warnings by their names: what they are given for, and that a comment switches them off.
#include "daemons/job-supervisor/language/test-support.hpp"
#include "daemons/job-supervisor/language/words/lints.hpp"

#include <algorithm>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

// The names of the warnings of a text, in its order.
Lines lints_of(std::string_view text) {
  Lines names;
  for (const auto& said : parse_job(text, {.name = "job"}).diagnostics)
    if (said.severity == Diagnostic::Severity::warning) names.push_back(said.lint);
  return names;
}

bool says(std::string_view text, std::string_view part) {
  return std::ranges::any_of(parse_job(text, {.name = "job"}).diagnostics,
                             [&](const Diagnostic& said) { return said.message.contains(part); });
}

} // namespace

TEST_CASE("every lint has its own warning, which is in the table") {
  const std::pair<std::string_view, std::string_view> rows[]{
      {"assignment-as-command", "exec NAME=x /bin/cmd\n"},
      {"background-command", "exec cmd &\n"},
      {"builtin-as-command", "pre-start exec cd /srv\nexec x\n"},
      {"cut-by-comment", "exec cmd --color=#fff\n"},
      {"event-as-argument", "start on started docker on runlevel [2345]\nexec x\n"},
      {"exit-status-range", "normal exit 300\nexec x\n"},
      {"export-value", "export A=1\nexec x\n"},
      {"forks-of-shell", "expect fork\nscript\n  cmd\nend script\n"},
      {"here-document-end", "script\ncat <<EOT\nend script\n"},
      {"holds-itself-up", "stop on stopping job\nexec x\n"},
      {"invisible-character", "exec cmd a\xC2\xA0"
                              "b\n"},
      {"kill-signal-0", "kill signal 0\nexec x\n"},
      {"limit-order", "limit nofile 20 10\nexec x\n"},
      {"nameless-variable", "env =x\nexec x\n"},
      {"misspelt-event", "start on startd web\nexec x\n"},
      {"misspelt-variable", "start on started JBO=web\nexec x\n"},
      {"never-matches", "start on runlevel 2345\nexec x\n"},
      {"never-true", "start on a and runlevel 2345\nexec x\n"},
      {"no-effect", "respawn limit 1 2\nexec x\n"},
      {"replaced-stanza", "nice 1\nnice 2\nexec x\n"},
      {"script-in-script", "script\nx\npre-start script\ny\nend script\n"},
  };
  for (const auto& [name, text] : rows) {
    CAPTURE(std::string{name});
    CHECK(std::ranges::contains(lints_of(text), name));
    CHECK(std::ranges::contains(lints(), name, &Lint::name));
    const auto silenced = "# init-checkconf: ignore something-else, " + std::string{name} + "\n" + std::string{text};
    CHECK_FALSE(std::ranges::contains(lints_of(silenced), name));
  }
}

TEST_CASE("of a runlevel that never comes the set is told that was meant") {
  const auto meant = [](const std::string& condition) {
    for (const auto& said : parse_job("start on " + condition + "\nexec x\n", {.name = "job"}).diagnostics)
      if (said.lint == "never-matches") return said.suggestion;
    return std::string{};
  };
  CHECK(meant("runlevel 2345") == "did you mean `[2345]`?");
  CHECK(meant("runlevel [!2345") == "did you mean `[!2345]`?");
  CHECK(meant("runlevel RUNLEVEL=[2345") == "did you mean `[2345]`?");
  CHECK(meant("runlevel 2345]") == "did you mean `[2345]`?");
  CHECK(meant("runlevel 2 3 4 5") == "did you mean `[2345]`?");
  CHECK(meant("runlevel 2 3").empty());
  CHECK(meant("runlevel 2 N HALT").empty());
}

TEST_CASE("what is right is not warned of") {
  CHECK(lints_of("start on started docker and runlevel [2345]\nexec env NAME=x cmd # comment\n").empty());
  CHECK(lints_of("start on restarted or started web JOBS=3 or start\nexec x\n").empty());
  CHECK(lints_of("script\ncat <<-'EOT'\n\tx\n\tEOT\necho $((1<<2)) '#'\nend script\n").empty());
  CHECK(lints_of("env A=\"#fff\"\nexec cmd \"a#b\" \\#\n").empty());
}

TEST_CASE("characters that cannot be seen are named, also where they make the file wrong") {
  CHECK(says("\xEF\xBB\xBF"
             "description x\n",
             "U+FEFF (byte order mark)"));
  CHECK(says("exec\xC2\xA0sleep 1\n", "U+00A0 (no-break space)"));
  CHECK(parse_job(std::string_view("\xFF\xFE"
                                   "e\0x\0",
                                   6),
                  {})
            .diagnostics.back()
            .suggestion.contains("UTF-16"));
}

TEST_CASE("a block that ends inside a here-document says so, before what that makes wrong") {
  const auto result = parse_job("script\ncat <<EOT\nscript\n  echo inner\nend script\nEOT\nend script\n", {});
  CHECK_FALSE(result.job_class);
  REQUIRE(result.diagnostics.size() >= 2);
  CHECK(result.diagnostics[0].line == 5);
  CHECK(result.diagnostics[0].lint == "here-document-end");
  CHECK(result.diagnostics[1].line == 6);
}

TEST_CASE(
    "an event is misspelt whose name has one letter wrong, missing, too many or before its neighbour, and no more") {
  auto is_misspelt = [](const std::string& event) {
    return std::ranges::contains(lints_of("start on " + event + " web\nexec x\n"), "misspelt-event");
  };
  for (const auto* event : {"startid", "xtarted", "strted", "tarted", "starte", "startted", "started1", "strated"})
    CHECK(is_misspelt(event));
  for (const auto* event : {"started", "startup2day", "strade", "srtated-", "tsratde", "begun"})
    CHECK_FALSE(is_misspelt(event));
}
