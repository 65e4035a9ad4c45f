#include "daemons/job-supervisor/language/texts/texts.hpp"

#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"
#include "daemons/job-supervisor/language/texts/manual.hpp"
#include "daemons/job-supervisor/language/texts/vim.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace upstart::supervisor;
using namespace upstart::supervisor::texts;

TEST_CASE("every text that is generated from the table of stanzas is as the table has it") {
  for (const auto& text : generated_texts()) {
    std::ifstream file(std::filesystem::path(SOURCE_ROOT) / text.path);
    const std::string now{std::istreambuf_iterator(file), {}};
    const auto renewed = text.renewed(now);
    CAPTURE(text.path);
    REQUIRE_MESSAGE(renewed, renewed.error());
    const bool up_to_date = *renewed == now;
    CHECK_MESSAGE(up_to_date, "out of date: build the target job-language-texts");
  }
}

TEST_CASE("every stanza is in the manual, with its text or that of the next one") {
  for (const auto& group : stanza_groups()) {
    CAPTURE(group.title);
    CHECK_FALSE(group.stanzas.back().manual.empty());
  }
  const auto manual = stanza_sections() + event_d_stanzas();
  for (const auto& stanza : stanzas()) {
    CAPTURE(stanza.name);
    const bool there = manual.contains("\n.It Ic " + std::string(stanza.name) + '\n') ||
                       manual.contains("\n.It Ic " + std::string(stanza.name) + ' ');
    CHECK(there);
  }
}

TEST_CASE("the arguments of a usage text are set as the manual sets them") {
  const auto manual = stanza_sections();
  for (const std::string line :
       {".It Ic env Ar KEY Ns Oo No = Ns Ar VALUE Oc", ".It Ic exec Ar COMMAND Oo Ar ARG ... Oc",
        ".It Ic console Cm none | Cm log | Cm output | Cm owner", ".It Ic nice No \\-20 ... No 19",
        ".It Ic cgroup Ar CONTROLLER Oo Ar NAME Oc Oo Ar KEY Ar VALUE Oc", ".It Ic script No ... Ic end script"}) {
    CAPTURE(line);
    CHECK(manual.contains('\n' + line + '\n'));
  }
}

TEST_CASE("a region of a file is replaced between its marks, which stay") {
  CHECK(with_region("a\n# begin generated: x\nold\n# end generated: x\nb\n", "x", "new\n") ==
        "a\n# begin generated: x\nnew\n# end generated: x\nb\n");
  CHECK(with_region("# begin generated: x\n# end generated: x\n", "x", "new\n") ==
        "# begin generated: x\nnew\n# end generated: x\n");
  CHECK(with_region("a\n", "x", "new\n").error() == "there is no line with `begin generated: x`");
  CHECK(with_region("begin generated: x\nold\n", "x", "new\n").error() == "there is no line with `end generated: x`");
}

TEST_CASE("the words that a stanza may take are highlighted and completed") {
  CHECK(vim_syntax().contains("syn keyword upstartConsoleWord none log logged output owner contained\n"));
  CHECK(vim_completion().contains("'console': 'none log logged output owner',"));
}
