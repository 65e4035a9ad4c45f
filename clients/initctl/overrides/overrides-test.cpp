// Overrides: their text, their place, and the commands that write them.
#include "clients/initctl/overrides/override-text.hpp"
#include "clients/initctl/overrides/write-file.hpp"
#include "clients/initctl/testing/fake-upstart.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <format>

using namespace upstart::client;
using upstart::protocol::JobState;

namespace {

// A job web, whose file is in a directory of its own.
class Directory {
public:
  Directory() {
    std::string path = "/tmp/initctl-overrides.XXXXXX";
    path_ = ::mkdtemp(path.data());
    REQUIRE(write_file(conf(), "start on go\nexec sleep 1000\n"));
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::string conf() const { return path_ + "/web.conf"; }
  [[nodiscard]] std::string override_file() const { return path_ + "/web.override"; }
  // What init would tell of the job.
  [[nodiscard]] JobState job() const {
    JobState state{.name = "web", .file = conf(), .start_on = {{.words = {"go"}}}};
    if (std::filesystem::exists(override_file())) state.override_file = override_file();
    return state;
  }

  Ran initctl(std::vector<std::string> words, const JobState& state, Variables variables = {}) const {
    FakeUpstart daemon{{{"web", {.state = upstart::protocol::to_json(state)}}}};
    words.insert(words.begin(), "initctl");
    variables["UPSTART_SESSION"] = daemon.address();
    return run_initctl(words, variables);
  }

private:
  std::string path_;
};

JobState manual(JobState state) {
  state.manual_at = state.override_file + ":1";
  state.start_on.clear();
  return state;
}

} // namespace

TEST_CASE("manual is added behind what an override says, and taken out wherever it stands") {
  CHECK(with_manual("") == "manual\n");
  CHECK(with_manual("nice 5") == "nice 5\nmanual\n");
  CHECK(without_manual("nice 5\n  manual # not now\nenv A=1\n") == "nice 5\nenv A=1\n");
  CHECK(without_manual("manual\n\n") == "");
}

TEST_CASE("an override is written where one is, beside the job file, or in the session's own directory") {
  auto nowhere = [](const std::string&) { return false; };
  JobState job{.name = "net/web", .file = "/etc/init/net/web.conf"};
  CHECK(override_place(job, true, {}, nowhere)->path == "/etc/init/net/web.override");
  CHECK(override_place(job, false, "/home/u/.config/upstart", nowhere)->path ==
        "/home/u/.config/upstart/net/web.override");
  CHECK(override_place(job, false, {}, nowhere).error() == "/etc/init cannot be written to: this needs root");
  job.override_file = "/elsewhere/net/web.override";
  CHECK(override_place(job, false, {}, nowhere)->path == "/elsewhere/net/web.override");
  CHECK(override_place({.name = "rc", .file = "/etc/event.d/rc"}, true, {}, nowhere).error() ==
        "rc can have no override: its file is /etc/event.d/rc; only a file NAME.conf can");
}

TEST_CASE("when the files have changed since, the override is the first that is found") {
  JobState job{.name = "web", .file = "/etc/init/web.conf", .override_file = "/etc/init/web.override"};
  job.replaced_by_newer = true;
  auto everywhere = [](const std::string&) { return true; };
  auto nowhere = [](const std::string&) { return false; };
  CHECK(override_place(job, true, "/home/u/.config/upstart", everywhere)->path ==
        "/home/u/.config/upstart/web.override");
  CHECK(override_place(job, true, {}, everywhere)->path == "/etc/init/web.override");
  CHECK_FALSE(override_place(job, true, {}, nowhere)->exists);
}

TEST_CASE("a file is replaced whole, with the mode that it had") {
  Directory directory;
  REQUIRE(::chmod(directory.conf().c_str(), 0600) == 0);
  REQUIRE(write_file(directory.conf(), "new\n"));
  CHECK(read_file(directory.conf()) == "new\n");
  struct stat status{};
  REQUIRE(::stat(directory.conf().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(write_file("/proc/no/such/place", "x").error().contains("/proc/no"));
}

TEST_CASE("disable writes manual, enable takes it out again, and both say what they did") {
  Directory directory;
  auto ran = directory.initctl({"disable", "web"}, directory.job());
  CHECK(ran.out.starts_with(std::format("web is disabled: {} says `manual'", directory.override_file())));
  CHECK(read_file(directory.override_file()) == "manual\n");
  CHECK(directory.initctl({"disable", "web"}, manual(directory.job())).out.contains("is disabled already, at "));
  CHECK(directory.initctl({"enable", "web"}, manual(directory.job())).status == 0);
  CHECK_FALSE(std::filesystem::exists(directory.override_file()));
  CHECK(directory.initctl({"enable", "web"}, directory.job()).out == "web is enabled already\n");
}

TEST_CASE("of a job that runs, the files decide and not the class that it was started with") {
  Directory directory;
  auto running = directory.job();
  running.instances = {{.name = "", .goal = "start", .state = "running"}};
  CHECK(directory.initctl({"disable", "web"}, running).status == 0);
  running.replaced_by_newer = true;
  CHECK(directory.initctl({"disable", "web"}, running).out ==
        std::format("web is disabled already, at {}:1\n", directory.override_file()));
  CHECK(read_file(directory.override_file()) == "manual\n");
  CHECK(directory.initctl({"cat", "web"}, running)
            .out.ends_with(std::format("# {}\nmanual\n", directory.override_file())));
  CHECK(directory.initctl({"enable", "web"}, running).out ==
        std::format("web is enabled: removed `manual' from {}\n", directory.override_file()));
  CHECK_FALSE(std::filesystem::exists(directory.override_file()));

  auto started_by_hand = manual(running);
  started_by_hand.manual_at = directory.override_file() + ":1";
  CHECK(directory.initctl({"enable", "web"}, started_by_hand).out == "web is enabled already\n");
  CHECK_FALSE(directory.initctl({"cat", "web"}, started_by_hand).out.contains(".override"));
  CHECK(directory.initctl({"disable", "web"}, started_by_hand).out.starts_with("web is disabled: "));
  CHECK(read_file(directory.override_file()) == "manual\n");
}

TEST_CASE("a job whose override gives it the start on is disabled and enabled as well") {
  Directory directory;
  REQUIRE(write_file(directory.override_file(), "start on go\nmanual\n"));
  auto job = directory.job();
  job.start_on.clear(); // and init tells no place of a manual that dropped nothing of the job file
  CHECK(directory.initctl({"enable", "web"}, job).out.starts_with("web is enabled: "));
  CHECK(read_file(directory.override_file()) == "start on go\n");
}

TEST_CASE("a job that events do not start is not disabled, and nothing is written") {
  Directory directory;
  auto job = directory.job();
  job.start_on.clear();
  CHECK(directory.initctl({"disable", "web"}, job).out == "web has no `start on': it starts by command only\n");
  CHECK_FALSE(std::filesystem::exists(directory.override_file()));
}

TEST_CASE("what init has not taken up is said") {
  Directory directory; // the job is told as it was
  CHECK(directory.initctl({"disable", "web"}, directory.job()).out.contains("init has not taken that up"));
}

TEST_CASE("edit writes what the editor made of the override, if that is right") {
  Directory directory;
  auto ran = directory.initctl({"edit", "web"}, directory.job(), {{"VISUAL", "echo nice 5 >>"}});
  CHECK(ran.err == "");
  CHECK(ran.status == 0);
  CHECK(read_file(directory.override_file())->ends_with("\nnice 5\n"));
}

TEST_CASE("what is wrong is shown by the name of the real file, and nothing is changed") {
  Directory directory;
  auto ran = directory.initctl({"edit", "web", "--full"}, directory.job(), {{"EDITOR", "echo nicer 5 >>"}});
  CHECK(ran.status == 1);
  CHECK(ran.err.contains(directory.conf() + ":3: error: "));
  CHECK(ran.err.contains("what you wrote is in "));
  CHECK(read_file(directory.conf()) == "start on go\nexec sleep 1000\n");
  auto kept = ran.err.substr(ran.err.rfind(' ') + 1);
  kept.pop_back();
  CHECK(read_file(kept)->ends_with("nicer 5\n"));
  std::filesystem::remove_all(std::filesystem::path{kept}.parent_path());
}

TEST_CASE("an editor that fails, or changes nothing, changes nothing") {
  Directory directory;
  CHECK(directory.initctl({"edit", "web"}, directory.job(), {{"EDITOR", "true"}}).out ==
        directory.override_file() + " is unchanged\n");
  CHECK(directory.initctl({"edit", "web"}, directory.job(), {{"EDITOR", "false"}})
            .err.contains("the editor `false' failed (exit status 1)"));
  CHECK_FALSE(std::filesystem::exists(directory.override_file()));
}

TEST_CASE("cat prints the job file and its override, each with its path") {
  Directory directory;
  REQUIRE(write_file(directory.override_file(), "nice 5"));
  CHECK(
      directory.initctl({"cat", "web"}, directory.job()).out ==
      std::format("# {}\nstart on go\nexec sleep 1000\n\n# {}\nnice 5\n", directory.conf(), directory.override_file()));
}
