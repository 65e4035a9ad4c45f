#include "daemons/file-bridge/core/file-table.hpp"

#include "daemons/bridge/testing/recording-memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

using namespace upstart;
using namespace upstart::file_bridge;
using Words = std::vector<std::string>;

namespace {

// A file system that a test changes, a memory that outlives tables, and the table.
struct World final : Files, bridge::RecordingMemory {
  std::map<std::string, FileState> disk;
  std::uint64_t last_inode = 0;
  std::vector<bridge::JobConditions> jobs;
  std::optional<FileTable> table;

  World() { start(); }
  // A table that knows what the one before remembered, and has been told of all jobs.
  void start() { table.emplace(*this, *this, records, Home{"/home/me"}); }
  void restart() {
    start();
    (void)table->jobs_changed({.changed = jobs, .gone = {}, .activity = {}});
    table->look_at_new();
    table->look_at_all();
  }
  std::vector<bridge::ConditionWarning> set_job(const std::string& name, const std::vector<Words>& conditions) {
    bridge::JobConditions job{.job = name, .matches = {}};
    for (const auto& words : conditions) job.matches.push_back({"file", words, true});
    std::erase_if(jobs, [&](const auto& one) { return one.job == name; });
    bridge::ConditionsUpdate update;
    if (conditions.empty()) update.gone.push_back(name);
    else jobs.push_back(job), update.changed.push_back(job);
    auto warnings = table->jobs_changed(update);
    table->look_at_new();
    return warnings;
  }
  void make(const std::string& path, std::uint64_t size = 0) { disk[path] = {.inode = ++last_inode, .size = size}; }
  void make_directory(const std::string& path) { disk[path] = {.is_directory = true, .inode = ++last_inode}; }
  Words taken() { return std::exchange(events, {}); }

  std::optional<FileState> state_of(const std::string& path) override {
    auto found = disk.find(path);
    return found == disk.end() ? std::nullopt : std::optional{found->second};
  }
  std::vector<std::string> names_in(const std::string& directory) override {
    Words names;
    for (const auto& [path, _] : disk)
      if (path != directory && directory_of(path) == directory) names.push_back(last_element(path));
    return names;
  }
};

} // namespace

TEST_CASE("a file that is made, written and deleted gives an event each, of those that are asked for") {
  World world;
  (void)world.set_job("all", {{"FILE=/a"}});
  (void)world.set_job("deleted", {{"FILE=/b", "EVENT=delete"}});
  for (const auto* path : {"/a", "/b", "/c"}) {
    world.make(path);
    world.table->appeared(path);
    world.table->written(path);
    world.disk.erase(path);
    world.table->gone(path);
  }
  CHECK(world.taken() == Words{"file FILE=/a EVENT=create", "file FILE=/a EVENT=modify", "file FILE=/a EVENT=delete",
                               "file FILE=/b EVENT=delete"});
}

TEST_CASE("what is there when a job comes counts as created, once for each life of the job") {
  World world;
  world.make("/a");
  (void)world.set_job("x", {{"FILE=/a", "EVENT=create"}});
  CHECK(world.taken() == Words{"file FILE=/a EVENT=create"});
  world.restart();
  CHECK(world.taken().empty());
  (void)world.set_job("x", {{"FILE=/a", "EVENT=create"}, {"FILE=/b"}});
  CHECK(world.taken().empty());
  (void)world.set_job("x", {});
  (void)world.set_job("x", {{"FILE=/a", "EVENT=create"}});
  CHECK(world.taken() == Words{"file FILE=/a EVENT=create"});
  (void)world.set_job("y", {{"FILE=/a", "EVENT=delete"}});
  CHECK(world.taken().empty());
}

TEST_CASE("a job that went while no bridge was there begins a new life when it comes back") {
  World world;
  world.make("/a");
  (void)world.set_job("x", {{"FILE=/a"}});
  world.jobs.clear();
  world.restart();
  CHECK(std::ranges::none_of(world.records, [](const auto& one) { return one.first.contains("/a"); }));
  world.taken();
  (void)world.set_job("x", {{"FILE=/a"}});
  CHECK(world.taken() == Words{"file FILE=/a EVENT=create"});
}

TEST_CASE("what changed while no bridge was there is told by the next one") {
  World world;
  for (const auto* path : {"/d/changed", "/d/deleted", "/d/same"}) world.make(path);
  (void)world.set_job("x", {{"FILE=/d/*"}});
  (void)world.set_job("y", {{"FILE=/d/later", "EVENT=create"}});
  CHECK(world.taken().size() == 3);
  world.disk.at("/d/changed").size = 7;
  world.disk.erase("/d/deleted");
  world.make("/d/later");
  world.restart();
  CHECK(world.taken() == Words{"file FILE=/d/* EVENT=modify MATCH=/d/changed",
                               "file FILE=/d/* EVENT=delete MATCH=/d/deleted", "file FILE=/d/later EVENT=create",
                               "file FILE=/d/* EVENT=create MATCH=/d/later"});
  world.restart();
  CHECK(world.taken().empty());
}

TEST_CASE("a rename into place is a create, or a modify where there was a file") {
  World world;
  (void)world.set_job("x", {{"FILE=/a"}});
  world.make("/a");
  world.table->came("/a");
  world.make("/a");
  world.table->came("/a");
  CHECK(world.taken() == Words{"file FILE=/a EVENT=create", "file FILE=/a EVENT=modify"});
}

TEST_CASE("a rename into place that a look at everything has found before is not told once more") {
  World world;
  (void)world.set_job("x", {{"FILE=/a"}});
  world.make("/a");
  world.restart();
  world.table->came("/a");
  CHECK(world.taken() == Words{"file FILE=/a EVENT=create"});
}

TEST_CASE("a directory is told of when it is made or deleted, and as modified when something in it changes") {
  World world;
  (void)world.set_job("x", {{"FILE=/d/"}});
  world.make("/d"); // a file of that name is none
  world.table->appeared("/d");
  world.disk.erase("/d");
  world.table->gone("/d");
  CHECK(world.taken().empty());
  world.make_directory("/d");
  world.table->appeared("/d");
  world.make("/d/a");
  world.table->appeared("/d/a");
  world.table->written("/d/a");
  world.make_directory("/d/sub");
  world.table->appeared("/d/sub");
  world.make("/d/sub/x");
  world.table->appeared("/d/sub/x");
  world.disk.erase("/d/a");
  world.table->gone("/d/a");
  CHECK(world.taken() == Words{"file FILE=/d/ EVENT=create", "file FILE=/d/ EVENT=modify", "file FILE=/d/ EVENT=modify",
                               "file FILE=/d/ EVENT=modify", "file FILE=/d/ EVENT=modify"});
  CHECK(world.table->directories() == std::set<std::string>{"/", "/d"});
}

TEST_CASE("a pattern gives one event for each match, FILE as it is written") {
  World world;
  world.make("/home/me/in/old.txt");
  (void)world.set_job("x", {{"FILE=~/in/*.txt"}});
  world.make("/home/me/in/new.txt");
  world.make("/home/me/in/new.doc");
  world.table->appeared("/home/me/in/new.txt");
  world.table->appeared("/home/me/in/new.doc");
  CHECK(world.taken() == Words{"file FILE=~/in/*.txt EVENT=create MATCH=/home/me/in/old.txt",
                               "file FILE=~/in/*.txt EVENT=create MATCH=/home/me/in/new.txt"});
}

TEST_CASE("jobs that ask for the same FILE share its events, others have their own") {
  World world;
  (void)world.set_job("x", {{"FILE=/a", "EVENT=create"}});
  (void)world.set_job("y", {{"FILE=/a"}});
  (void)world.set_job("z", {{"FILE=/./a", "EVENT=create"}});
  world.make("/a");
  world.table->appeared("/a");
  CHECK(world.taken().size() == 2);
}

TEST_CASE("a file that a new pattern finds before the older one was told of it is told to that one, too") {
  World world;
  (void)world.set_job("older", {{"FILE=/d/*", "EVENT=create"}});
  world.make("/d/a");
  (void)world.set_job("newer", {{"FILE=/d/a*", "EVENT=create"}});
  world.table->appeared("/d/a");
  CHECK(world.taken() == Words{"file FILE=/d/* EVENT=create MATCH=/d/a", "file FILE=/d/a* EVENT=create MATCH=/d/a"});
}

TEST_CASE("a condition that cannot be served is told with its job, and the others are served") {
  World world;
  auto warnings = world.set_job("x", {{"FILE=/a", "EVENT=made"}, {"FILE=/b"}});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].text.starts_with("job x: EVENT in its file condition: unknown value made"));
  world.make("/b");
  world.table->appeared("/b");
  CHECK(world.taken().size() == 1);
}
