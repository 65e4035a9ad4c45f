#include "clients/initctl/legacy/legacy-services.hpp"
#include "clients/initctl/testing/fake-upstart.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <format>
#include <fstream>

using namespace upstart::client;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

namespace {

// A directory of scripts beside a daemon with the job "svc".
struct System {
  System() {
    char name[] = "/tmp/upstart-legacy.XXXXXX";
    directory = ::mkdtemp(name);
  }
  System(const System&) = delete;
  System& operator=(const System&) = delete;
  ~System() { fs::remove_all(directory); }

  void script(const std::string& name, const std::string& text, mode_t mode = 0755) const {
    std::ofstream{path(name)} << "#!/bin/sh\n" << text;
    ::chmod(path(name).c_str(), mode);
  }
  // One that is running while a file is there.
  void service(const std::string& name) const {
    auto flag = path("." + name);
    script(name,
           std::format(
               "case $1 in\nstart) echo $NAME $HOME >{0} ;;\nstop) rm {0} ;;\nstatus) test -e {0} || exit 3 ;;\nesac\n",
               flag));
  }
  [[nodiscard]] std::string path(const std::string& name) const { return directory + "/" + name; }
  Ran initctl(Words words) const {
    words.insert(words.begin(), "initctl");
    return run_initctl(words, {{"UPSTART_SESSION", daemon.address()}, {"UPSTART_INIT_D", directory}});
  }

  std::string directory;
  FakeUpstart daemon{{{"svc", {}}}};
};

} // namespace

TEST_CASE("a name that is that of no job is that of a script, which the output says") {
  System system;
  system.service("cron");
  auto where = ", System V script " + system.path("cron") + "\n";
  CHECK(system.initctl({"status", "cron"}).out == "cron stop/waiting" + where);
  CHECK(system.initctl({"start", "cron", "NAME=x"}).out == "cron start/running" + where);
  std::ifstream started{system.path(".cron")};
  std::string line;
  std::getline(started, line);
  CHECK(line == "x"); // a plain environment
  CHECK(system.initctl({"status", "cron"}).out == "cron start/running" + where);
  CHECK(system.initctl({"stop", "cron"}).out == "cron stop/waiting" + where);
  CHECK(system.daemon.calls().empty());
  CHECK(system.initctl({"explain", "cron"}).err == std::format("initctl: Unknown job: cron\ninitctl: it is a System V "
                                                               "service, which init does not watch: `status cron' asks "
                                                               "its script {}\n",
                                                               system.path("cron")));
}

TEST_CASE("a job comes before a script of its name") {
  System system;
  system.service("svc");
  CHECK(system.initctl({"start", "svc"}).out == "svc start/running, process 42\n");
  CHECK(!fs::exists(system.path(".svc")));
  CHECK(system.initctl({"list", "--all"}).out == "svc start/running, process 42\n");
}

TEST_CASE("list shows scripts with --all only, sorted among the jobs") {
  System system;
  for (const char* name : {"cron", "web"}) system.service(name);
  system.initctl({"start", "web"});
  system.script("old", "exit 0\n");
  CHECK(system.initctl({"list"}).out == "svc stop/waiting\n");
  CHECK(system.initctl({"list", "--all"}).out ==
        std::format(
            "cron stop/waiting, System V script {0}/cron\nold unknown, System V script {0}/old\nsvc stop/waiting\n"
            "web start/running, System V script {0}/web\n",
            system.directory));
  auto document = nlohmann::json::parse(system.initctl({"--json", "list", "--all"}).out);
  REQUIRE(document.size() == 4);
  CHECK(document[3] == nlohmann::json{{"job", "web"},
                                      {"instance", nullptr},
                                      {"goal", "start"},
                                      {"state", "running"},
                                      {"processes", nlohmann::json::array()},
                                      {"system_v_script", system.path("web")}});
  CHECK(document[1]["state"] == "unknown");
}

TEST_CASE("where there is no such script the job is unknown") {
  System system;
  system.script("README", "");
  system.script("rc", "");
  system.script("off", "", 0644);
  system.script("x.dpkg-old", "");
  system.script("upstart-job", "");
  fs::create_symlink(system.path("upstart-job"), system.path("wrapped"));
  for (const char* name : {"none", "README", "rc", "off", "x.dpkg-old", "wrapped", "../etc", ""}) {
    auto ran = system.initctl({"start", name});
    CHECK(ran.err.starts_with(std::format("initctl: Unknown job: {}\n", name)));
    CHECK(ran.status == 1);
  }
  CHECK(LegacyServices{system.directory}.all().size() == 1); // the wrapper itself, which is no link
}

TEST_CASE("a script that fails is told, with what it was asked") {
  System system;
  system.script("bad", "exit 6\n");
  auto ran = system.initctl({"start", "bad"});
  CHECK(ran.status == 1);
  CHECK(ran.out.empty());
  CHECK(ran.err == std::format("initctl: System V script {} start: exit status 6\n", system.path("bad")));
}

TEST_CASE("in a session there are no scripts of the system") {
  FakeUpstart daemon{{{"svc", {}}}};
  CHECK(run_initctl({"initctl", "list", "--all"}, {{"UPSTART_SESSION", daemon.address()}}).out == "svc stop/waiting\n");
}
