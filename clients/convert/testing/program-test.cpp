// The program as people run it: its command line, its summary and its exit status.
#include "clients/convert/testing/run-program.hpp"
#include "clients/init-checkconf/testing/temporary-files.hpp"

#include <sstream>

using namespace upstart::convert::testing;
using Files = upstart::client::testing::TemporaryFiles;

TEST_CASE("the help names what it takes, and is no wider than a terminal") {
  const auto help = run_program("--help");
  CHECK(help.status == 0);
  CHECK(help.text.contains("Usage: upstart-convert [OPTION]... [FROM] FILE...\n"));
  std::istringstream lines{help.text};
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(line.size() <= 80);
  }
}

TEST_CASE("of a kind of files or an option that is nearly right it is said which may have been meant") {
  const Files files;
  const auto kind = run_program("sytemd " + files.add("a.service", "[Service]\nExecStart=/bin/x\n"));
  CHECK(kind.status == 1);
  CHECK(kind.text.contains("upstart-convert: sytemd: No such file or directory; did you mean `systemd`?\n"));
  const auto option = run_program("--forse x");
  CHECK(option.status == 2);
  CHECK(option.text.contains("invalid option: --forse\nupstart-convert: did you mean `--force`?\n"));
}

TEST_CASE("a file that is not there is named once") {
  const auto run = run_program("nofile.service");
  CHECK(run.status == 1);
  CHECK(run.text.starts_with("upstart-convert: nofile.service: No such file or directory\n"));
}

TEST_CASE("what needs no job is told, and no failure") {
  const Files files;
  const auto target = run_program(files.add("a.target", "[Unit]\nDescription=x\n"));
  CHECK(target.status == 0);
  CHECK(target.text.contains("a.target: no job: a target is no process"));
  CHECK(target.text.ends_with("0 converted, 0 in part, 1 without need of a job, 0 failed\n"));
  const auto mount = run_program(files.add("a.mount", "[Mount]\nWhat=x\n"));
  CHECK(mount.status == 1);
}

TEST_CASE("a job is never written over another of the same conversion") {
  const Files files;
  const auto programs = files.add("a.conf", "[program:web]\ncommand=/bin/a\n") + " " +
                        files.add("b.conf", "[program:web]\ncommand=/bin/b\n");
  const auto run = run_program("--force -o " + files.path("jobs") + " " + programs);
  CHECK(run.status == 2);
  CHECK(run.text.contains("jobs/web.conf is that of another job; the one from " + files.path("b.conf")));
  CHECK(run_program("--force -q -o " + files.path("jobs") + " " + files.path("b.conf")).status == 0);
}

TEST_CASE("jobs for a session start with it") {
  const Files files;
  const auto run = run_program("--session " + files.add("shop/Procfile", "web: bin/web\n"));
  CHECK(run.status == 0);
  CHECK(run.text.contains("start on startup\nstop on session-end\n"));
}
