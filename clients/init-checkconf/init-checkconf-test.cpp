#include "clients/init-checkconf/bridge-conditions.hpp"
#include "clients/init-checkconf/job-events.hpp"
#include "clients/init-checkconf/report.hpp"
#include "clients/init-checkconf/shell-syntax.hpp"
#include "clients/init-checkconf/testing/temporary-files.hpp"
#include "daemons/job-supervisor/language/words/lints.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace upstart::client;

namespace {

using Directory = testing::TemporaryFiles;

std::vector<std::string> names(const CheckedFiles& checked) {
  std::vector<std::string> all;
  for (const auto& file : checked.files) all.push_back(file.name);
  return all;
}

const CheckedFile& only(const CheckedFiles& checked) {
  REQUIRE(checked.files.size() == 1);
  return checked.files.front();
}

bool has_message(const CheckedFile& file, std::string_view part) {
  return std::ranges::any_of(file.result.diagnostics, [&](const auto& said) { return said.message.contains(part); });
}

} // namespace

TEST_CASE("a directory is read as the supervisor reads it") {
  const Directory directory;
  for (const auto* name :
       {"b.conf", "a.conf", "net/apache.conf", "notes.txt", ".hidden.conf", "a.conf~", ".git/x.conf"})
    directory.add(name, "exec x\n");
  CHECK(names(check_all({directory.path()})) == std::vector<std::string>{"a", "b", "net/apache"});
}

TEST_CASE("symbolic links to files are followed, those to directories are not") {
  const Directory directory;
  const auto target = directory.add("real/a.conf", "exec x\n");
  std::filesystem::create_symlink(target, directory.path("link.conf"));
  std::filesystem::create_symlink(directory.path("real"), directory.path("again"));
  CHECK(names(check_all({directory.path()})) == std::vector<std::string>{"link", "real/a"});
}

TEST_CASE("an event.d directory has its own dialect and names") {
  const Directory directory;
  directory.add("event.d/tty1", "respawn /sbin/getty tty1\n");
  const auto checked = check_all({directory.path("event.d")});
  CHECK(only(checked).name == "tty1");
  CHECK(only(checked).ok());
  CHECK(only(check_all({directory.path("event.d/tty1")})).ok());
}

TEST_CASE("an override is parsed on top of its job file") {
  const Directory directory;
  directory.add("a.conf", "start on x\nexec a\n");
  const auto override = directory.add("a.override", "manual\n");
  for (const auto& paths : {std::vector{directory.path()}, std::vector{override}}) {
    const auto checked = check_all(paths);
    REQUIRE(checked.files.back().ok());
    CHECK(checked.files.back().result.job_class->start_on.empty());
    CHECK(checked.files.back().result.job_class->command(upstart::supervisor::ProcessKind::main)->text == "a");
  }
}

TEST_CASE("an override may stand in an earlier directory, not in a later one") {
  const Directory directory;
  directory.add("first/a.override", "env A=1\n");
  directory.add("second/a.conf", "exec a\n");
  directory.add("third/a.override", "env A=2\n");
  const auto checked = check_all({directory.path("first"), directory.path("second"), directory.path("third")});
  REQUIRE(checked.files.size() == 3);
  CHECK(checked.files[0].result.job_class->command(upstart::supervisor::ProcessKind::main));
  CHECK(checked.files[0].result.diagnostics.empty());
  CHECK(has_message(checked.files[2], "this override is ignored"));
}

TEST_CASE("an override of nothing is warned of, and its own errors are told") {
  const Directory directory;
  directory.add("a.override", "bogus\n");
  const auto checked = check_all({directory.path()});
  CHECK(has_message(only(checked), "Unknown stanza"));
  CHECK(has_message(only(checked), "this override is ignored"));
}

TEST_CASE("a file given by name is a job file whatever it is called") {
  const Directory directory;
  CHECK(only(check_all({directory.add("draft.txt", "exec x\n")})).ok());
}

TEST_CASE("the exit status tells clean, wrong and unreadable apart") {
  const Directory directory;
  const auto good = directory.add("good.conf", "respawn limit 1 2\nexec x\n"); // a warning is no error
  const auto bad = directory.add("bad.conf", "bogus\n");
  CHECK(exit_status(check_all({good})) == 0);
  CHECK(exit_status(check_all({good, bad})) == 1);
  CHECK(exit_status(check_all({good, directory.path("missing.conf")})) == 2);
}

TEST_CASE("what cannot be read is told with the reason, and the rest is checked all the same") {
  const Directory directory;
  directory.add("a.conf", "exec x\n");
  const auto checked = check_all({directory.path("missing"), directory.path()});
  REQUIRE(checked.unreadable.size() == 1);
  CHECK(checked.unreadable[0].reason == "No such file or directory");
  CHECK(checked.files.size() == 1);
}

TEST_CASE("a pipe that is named is read, and what can be no file says what it is") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  CHECK(::write(ends[1], "bogus\n", 6) == 6);
  ::close(ends[1]);
  const auto checked = check_all({"/proc/self/fd/" + std::to_string(ends[0])});
  ::close(ends[0]);
  CHECK(has_message(only(checked), "Unknown stanza"));
  CHECK(only(check_all({"/dev/null"})).text.empty());
  const Directory directory;
  REQUIRE(::mknod(directory.path("socket").c_str(), S_IFSOCK | 0600, 0) == 0);
  const auto socket = check_all({directory.path("socket")});
  REQUIRE(socket.unreadable.size() == 1);
  CHECK(socket.unreadable[0].reason == "is not a regular file");
}

TEST_CASE("a named pipe, which may have no writer, and a device are refused instead of waited for") {
  const Directory directory;
  REQUIRE(::mkfifo(directory.path("pipe.conf").c_str(), 0600) == 0);
  for (const auto& path : {directory.path("pipe.conf"), std::string{"/dev/zero"}}) {
    const auto checked = check_all({path});
    REQUIRE(checked.unreadable.size() == 1);
    CHECK(checked.unreadable[0].reason == "is not a regular file");
    CHECK(exit_status(checked) == 2);
  }
}

TEST_CASE("in words, what is well goes to standard output and what is wrong to standard error") {
  const Directory directory;
  const auto good = directory.add("good.conf", "exec x\n");
  const auto bad = directory.add("bad.conf", "exec x\nbogus\n");
  const auto report = in_words(check_all({good, bad}));
  CHECK(report.output == "File " + good + ": syntax ok\n");
  CHECK(report.errors.starts_with("ERROR: File " + bad + ": syntax invalid:\n" + bad + ":2:1: Unknown stanza\n"));
}

TEST_CASE("as JSON there is everything, and any bytes at all") {
  const Directory directory;
  const auto good = directory.add("good.conf", "start on a or b X=1\nemits c\nexec x\n");
  directory.add("bad.conf", "b\xff\n");
  const auto json =
      nlohmann::json::parse(as_json(check_all({good, directory.path("bad.conf"), directory.path("missing")})));
  CHECK(json["errors"] == 1);
  CHECK(json["warnings"] == 0);
  CHECK(json["unreadable"][0]["path"] == directory.path("missing"));
  CHECK(json["files"][0]["ok"] == true);
  CHECK(json["files"][0]["class"]["start_on"] == nlohmann::json::parse(R"([["a"],["b","X=1"],["/OR"]])"));
  CHECK(json["files"][0]["class"]["emits"][0] == "c");
  CHECK(json["files"][1]["ok"] == false);
  CHECK(json["files"][1]["diagnostics"][0]["severity"] == "error");
  CHECK(json["files"][1]["diagnostics"][0]["line"] == 1);
}

TEST_CASE("the shell is asked about scripts, and its line is that of the file") {
  const Directory directory;
  directory.add("a.conf", "exec x\npre-start script\n  true\n  if true; then\n  done\nend script\n");
  auto checked = check_all({directory.path()});
  auto& file = checked.files.front();
  REQUIRE(check_scripts(file));
  CHECK_FALSE(file.ok());
  REQUIRE(file.result.diagnostics.size() == 1);
  CHECK(file.result.diagnostics[0].line == 5);
  CHECK(file.result.diagnostics[0].source == "  done");
  CHECK(file.result.diagnostics[0].message.starts_with("pre-start script: "));
}

TEST_CASE("scripts are read, not run") {
  const Directory directory;
  const auto mark = directory.path("mark");
  directory.add("a.conf", "script\n  touch " + mark + "\nend script\n");
  auto checked = check_all({directory.path()});
  REQUIRE(check_scripts(checked.files.front()));
  CHECK(checked.files.front().ok());
  CHECK_FALSE(std::filesystem::exists(mark));
}

TEST_CASE("what the bridges of devices, D-Bus and the system's events do not serve is warned of, in their words") {
  const Directory directory;
  const auto warnings = [&](const std::string& condition) {
    auto checked = check_all({directory.add("a.conf", "start on " + condition + "\nexec x\n")});
    check_bridge_conditions(checked.files.front());
    return only(checked).result.diagnostics;
  };
  for (const auto* condition : {"net-device-added INTERFACE=eth*", "net-device-up lo", "dbus SIGNAL=A BUS=session",
                                ":sys:runlevel RUNLEVEL=2"}) {
    CAPTURE(condition);
    CHECK(warnings(condition).empty());
  }
  const auto device = warnings("startup and drm-device-added card0");
  REQUIRE(device.size() == 1);
  CHECK(device[0].lint == "device-condition");
  CHECK(device[0].line == 1);
  CHECK(device[0].message.starts_with("upstart-udev-bridge does not serve this device: card0: a value without a "
                                      "variable at this place is compared with SUBSYSTEM, which is drm"));
  const auto signal = warnings("dbus MEMBER=A");
  REQUIRE(signal.size() == 1);
  CHECK(signal[0].lint == "dbus-condition");
  CHECK(signal[0].message.starts_with("upstart-dbus-bridge does not serve this signal: MEMBER: not a variable"));
  CHECK(warnings(":sys:\xff")[0].lint == "system-event-condition");
}

TEST_CASE("a variable that the event of a job among the files does not have is warned of") {
  const Directory directory;
  directory.add("foo.conf", "export PORT\nexec x\n");
  const auto said_of = [&](const std::string& condition) {
    directory.add("bar.conf", "start on " + condition + "\nexec x\n");
    auto checked = check_all({directory.path()});
    check_job_events(checked);
    REQUIRE(checked.files.size() == 2);
    const auto& said = checked.files.front().result.diagnostics;
    return said.empty() ? std::string{} : said.back().message;
  };
  CHECK(said_of("started foo RESULT=ok") ==
        "`started` of foo has the variables JOB, INSTANCE, PORT only: `RESULT=ok` can never match");
  CHECK(said_of("started JOBB=foo") ==
        "no job here exports `JOBB`: `JOBB=foo` can never match; did you mean `JOB=foo`?");
  for (const auto* right : {"started foo PORT=80", "stopped foo RESULT=failed EXIT_STATUS=3", "started other RESULT=ok",
                            "started foo RESULT!=ok", "foo RESULT=ok", "started JOBB=other"}) {
    CAPTURE(right);
    CHECK(said_of(right).empty());
  }
  CHECK(said_of("started foo RESULT=ok\n# init-checkconf: ignore never-matches").empty());
}

TEST_CASE("sockets that the bridge does not serve are warned of, by the bridge's own words") {
  const Directory directory;
  const auto warnings = [&](const std::string& words) {
    auto checked = check_all({directory.add("a.conf", "start on x or socket " + words + "\nenv PORT=80\nexec x\n")});
    check_bridge_conditions(checked.files.front());
    return only(checked).result.diagnostics;
  };
  for (const auto* words :
       {"PROTO=tcp PORT=80", "PROTO=inet PORT=80000", "PROTO=unix SOCKET_PATH=run/x", "PROTO=inet"}) {
    CAPTURE(words);
    REQUIRE(warnings(words).size() == 1);
    CHECK(warnings(words)[0].line == 1);
    CHECK(warnings(words)[0].lint == "socket-condition");
  }
  CHECK(warnings("PROTO=inet PORT=80").empty());
  CHECK(warnings("PROTO=inet PORT=$PORT").empty());
  CHECK(warnings("PROTO=inet PORT=$PORT ADDR=$PORT")[0].message.contains("80 is no numeric IPv4 address"));
  CHECK(warnings("PROTO=inet PORT=$UNKNOWN").back().message.contains("$UNKNOWN is not known before the job runs"));
  CHECK(warnings("PROTO=inet PORT=$UNKNOWN\nenv FROM_INIT").size() == 1); // by another lint: a start on that cannot be
  CHECK(warnings("PROTO=inet # init-checkconf: ignore socket-condition").empty());
}

TEST_CASE("a file that is no job file by its size is not read") {
  const Directory directory;
  const auto huge = directory.add("huge.conf", "exec x\n");
  std::filesystem::resize_file(huge, std::uintmax_t{300} << 20U);
  const auto sparse = directory.add("sparse.conf", "exec x\n");
  std::filesystem::resize_file(sparse, std::uintmax_t{8} << 20U);
  const auto checked = check_all({directory.path()});
  REQUIRE(checked.unreadable.size() == 2);
  CHECK(checked.unreadable[0].reason.contains("too large"));
  CHECK(checked.unreadable[1].reason.contains("holes"));
}

TEST_CASE("the manual lists every warning by its name") {
  std::ifstream file(MANUAL);
  const std::string manual{std::istreambuf_iterator(file), {}};
  for (const auto& lint : upstart::supervisor::lints())
    CHECK_MESSAGE(manual.contains(".It " + std::string{lint.name} + "\n"), lint.name);
}
