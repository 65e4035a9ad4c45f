// Directories that are missing, moved, linked or may not be read.
#include "daemons/job-supervisor/configuration/configuration-fixture.hpp"

#include <unistd.h>

using namespace upstart::supervisor;
using namespace upstart::supervisor::testing;

namespace {

// Permissions mean nothing to root: such a test becomes somebody else for a while.
class Unprivileged {
public:
  Unprivileged() : was_{::geteuid()} { works_ = was_ != 0 || ::seteuid(65534) == 0; }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  ~Unprivileged() {
    if (::geteuid() != was_) (void)::seteuid(was_);
  }
  [[nodiscard]] bool works() const { return works_; }

private:
  uid_t was_;
  bool works_;
};

// How many directories this process watches, as the kernel tells it.
std::size_t watched_directories() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator{"/proc/self/fdinfo"}) {
    std::ifstream info{entry.path()};
    for (std::string line; std::getline(info, line);) count += line.starts_with("inotify wd:") ? 1 : 0;
  }
  return count;
}

} // namespace

TEST_CASE("a new sub-directory is read and watched") {
  World world;
  world.load();
  fs::create_directories(world.dir / "first/net/deep");
  describe(world.dir / "first/net/deep/a.conf", "v1");
  CHECK(world.comes("net/deep/a", "v1"));
  describe(world.dir / "first/net/b.conf", "v1");
  CHECK(world.comes("net/b", "v1"));
  fs::remove_all(world.dir / "first/net");
  CHECK(world.goes("net/b"));
  CHECK(world.lacks("net/deep/a"));
}

TEST_CASE("a moved sub-directory takes its jobs along, and is watched where it has come to") {
  World world;
  fs::create_directories(world.dir / "first/net/deep");
  describe(world.dir / "first/net/deep/a.conf", "v1");
  world.load();
  fs::rename(world.dir / "first/net", world.dir / "first/web");
  CHECK(world.comes("web/deep/a", "v1"));
  CHECK(world.lacks("net/deep/a"));
  describe(world.dir / "first/web/deep/a.conf", "v2");
  CHECK(world.comes("web/deep/a", "v2"));
  fs::rename(world.dir / "first/web", world.dir / "elsewhere");
  CHECK(world.goes("web/deep/a"));
  world.told.clear();
  describe(world.dir / "elsewhere/deep/a.conf", "v3");
  world.catch_up();
  CHECK(world.told.empty());
}

TEST_CASE("what has gone or was looked at again is not watched twice") {
  World world;
  world.load();
  auto before = watched_directories();
  REQUIRE(before > 0);
  fs::create_directories(world.dir / "first/net/deep");
  describe(world.dir / "first/net/deep/a.conf", "v1");
  fs::create_symlink(world.dir / "first/net/deep/a.conf", world.dir / "first/link.conf");
  CHECK(world.comes("link", "v1"));
  auto with_net = watched_directories();
  CHECK(with_net == before + 2);
  world.load();
  CHECK(watched_directories() == with_net);
  fs::remove(world.dir / "first/link.conf");
  fs::rename(world.dir / "first/net", world.dir / "elsewhere");
  CHECK(world.goes("link"));
  CHECK(watched_directories() == before);
}

TEST_CASE("a directory put in the place of another one is what counts") {
  World world;
  fs::create_directories(world.dir / "first/net");
  fs::create_directories(world.dir / "new");
  describe(world.dir / "first/net/a.conf", "old");
  describe(world.dir / "new/a.conf", "new");
  world.load();
  fs::rename(world.dir / "first/net", world.dir / "old");
  fs::rename(world.dir / "new", world.dir / "first/net");
  CHECK(world.comes("net/a", "new"));
  describe(world.dir / "first/net/a.conf", "newer");
  CHECK(world.comes("net/a", "newer"));
}

TEST_CASE("a missing directory is watched for, with the directories that lead to it") {
  TemporaryDirectory dir;
  EventLoop loop;
  std::vector<std::string> names;
  Configuration configuration{loop,
                              {dir / "not/there/yet"},
                              [&](const auto& changes) { names.push_back(changes.front().name); },
                              [](const auto& diagnostic) { FAIL(diagnostic); }};
  configuration.load();
  fs::create_directories(dir / "not");
  Timer later{loop, [&] {
                fs::create_directories(dir / "not/there/yet");
                describe(dir / "not/there/yet/a.conf", "v1");
              }};
  later.start(std::chrono::milliseconds{100});
  CHECK(comes_true_on(loop, [&] { return !names.empty(); }));
  CHECK(names == std::vector<std::string>{"a"});
}

TEST_CASE("a directory that is removed and made again is watched again") {
  World world;
  describe(world.dir / "second/a.conf", "v1");
  world.load();
  fs::remove_all(world.dir / "second");
  CHECK(world.goes("a"));
  fs::create_directories(world.dir / "second");
  describe(world.dir / "second/a.conf", "v2");
  CHECK(world.comes("a", "v2"));
  describe(world.dir / "second/a.conf", "v3");
  CHECK(world.comes("a", "v3"));
}

TEST_CASE("a directory moved away with one above it is gone") {
  TemporaryDirectory dir;
  EventLoop loop;
  std::vector<ClassChange> last;
  fs::create_directories(dir / "above/conf");
  describe(dir / "above/conf/a.conf", "v1");
  Configuration configuration{loop,
                              {dir / "above/conf"},
                              [&](const auto& changes) { last = changes; },
                              [](const auto& diagnostic) { FAIL(diagnostic); }};
  configuration.load();
  fs::rename(dir / "above", dir / "away");
  REQUIRE(comes_true_on(loop, [&] { return !last.front().job_class; }));
  fs::rename(dir / "away", dir / "above");
  REQUIRE(comes_true_on(loop, [&] { return last.front().job_class != nullptr; }));
  CHECK(last.front().name == "a");
}

TEST_CASE("a symbolic link to a file is followed, also a new one, and when its target changes") {
  World world;
  describe(world.dir / "target", "v1");
  fs::create_symlink(world.dir / "target", world.dir / "first/a.conf");
  world.load();
  CHECK(world.has("a", "v1"));
  fs::create_symlink("../target", world.dir / "first/b.conf");
  CHECK(world.comes("b", "v1"));
  describe(world.dir / "target", "v2");
  CHECK(world.comes("b", "v2"));
  CHECK(world.has("a", "v2"));
  describe(world.dir / "target.new", "v3");
  fs::rename(world.dir / "target.new", world.dir / "target");
  CHECK(world.comes("b", "v3"));
  fs::remove(world.dir / "target");
  CHECK(world.goes("b"));
  describe(world.dir / "target", "v4");
  CHECK(world.comes("b", "v4"));
}

TEST_CASE("a symbolic link to a directory is followed, and may be turned to another one") {
  World world;
  fs::create_directories(world.dir / "v1/deep");
  fs::create_directories(world.dir / "v2");
  describe(world.dir / "v1/deep/a.conf", "v1");
  describe(world.dir / "v2/b.conf", "v2");
  fs::create_symlink(world.dir / "v1", world.dir / "first/net");
  world.load();
  CHECK(world.has("net/deep/a", "v1"));
  describe(world.dir / "v1/deep/a.conf", "edited");
  CHECK(world.comes("net/deep/a", "edited"));
  fs::create_symlink(world.dir / "v2", world.dir / "first/net.new");
  fs::rename(world.dir / "first/net.new", world.dir / "first/net");
  CHECK(world.comes("net/b", "v2"));
  CHECK(world.lacks("net/deep/a"));
}

TEST_CASE("a configured directory may be a symbolic link, and be turned to another directory") {
  TemporaryDirectory dir;
  EventLoop loop;
  std::string description;
  for (auto version : {"v1", "v2"}) {
    fs::create_directories(dir / version);
    describe(dir / version / "a.conf", version);
  }
  fs::create_symlink("v1", dir / "conf");
  Configuration configuration{loop,
                              {dir / "conf"},
                              [&](const auto& changes) { description = changes.front().job_class->description; },
                              [](const auto& diagnostic) { FAIL(diagnostic); }};
  configuration.load();
  CHECK(description == "v1");
  fs::create_symlink("v2", dir / "conf.new");
  fs::rename(dir / "conf.new", dir / "conf");
  CHECK(comes_true_on(loop, [&] { return description == "v2"; }));
}

TEST_CASE("a symbolic link that leads back to where it stands is reported and not followed") {
  World world;
  describe(world.dir / "first/a.conf", "v1");
  fs::create_symlink(".", world.dir / "first/loop");
  world.load();
  CHECK(world.classes.size() == 1);
  CHECK(world.complained_of((world.dir / "first/loop: leads back").string()));
}

TEST_CASE("a symbolic link that opens up very many directories is not read to its end") {
  World world;
  for (int i = 0; i < 300; ++i) fs::create_directories(world.dir / std::format("many/{}", i));
  fs::create_symlink(world.dir / "many", world.dir / "first/many");
  describe(world.dir / "second/a.conf", "v1");
  world.load();
  CHECK(world.has("a", "v1"));
  REQUIRE(world.diagnostics.size() == 1);
  CHECK(world.complained_of("is left out"));
}

TEST_CASE("an unreadable directory is reported once, the others load, and it is read when that is mended") {
  World world;
  fs::create_directories(world.dir / "first/closed");
  describe(world.dir / "first/closed/a.conf", "v1");
  describe(world.dir / "second/b.conf", "v1");
  fs::permissions(world.dir / "first/closed", fs::perms{0});
  {
    Unprivileged somebody;
    if (!somebody.works()) return;
    world.load();
  }
  CHECK(world.has("b", "v1"));
  CHECK(world.lacks("closed/a"));
  CHECK(world.diagnostics ==
        std::vector<std::string>{(world.dir / "first/closed: cannot be read: Permission denied").string()});
  world.catch_up();
  CHECK(world.diagnostics.size() == 1);
  fs::permissions(world.dir / "first/closed", fs::perms{0755});
  CHECK(world.comes("closed/a", "v1"));
}

TEST_CASE("a configured directory that may not be read is read when it may") {
  World world;
  describe(world.dir / "second/a.conf", "v1");
  fs::permissions(world.dir / "second", fs::perms{0});
  {
    Unprivileged somebody;
    if (!somebody.works()) return;
    world.load();
  }
  CHECK(world.complained_of((world.dir / "second: cannot be read: Permission denied").string()));
  fs::permissions(world.dir / "second", fs::perms{0755});
  CHECK(world.comes("a", "v1"));
}

TEST_CASE("what was known of a directory stays when it cannot be read any more") {
  World world;
  fs::create_directories(world.dir / "first/net");
  describe(world.dir / "first/net/a.conf", "v1");
  world.load();
  fs::permissions(world.dir / "first/net", fs::perms{0});
  {
    Unprivileged somebody;
    if (!somebody.works()) return;
    world.load();
  }
  CHECK(world.has("net/a", "v1"));
  CHECK(world.complained_of("first/net: cannot be read"));
  fs::permissions(world.dir / "first/net", fs::perms{0755});
  describe(world.dir / "first/net/a.conf", "v2");
  CHECK(world.comes("net/a", "v2"));
}

TEST_CASE("a configured directory that is a file is reported") {
  TemporaryDirectory dir;
  EventLoop loop;
  std::vector<std::string> diagnostics;
  write(dir / "file", "");
  Configuration configuration{loop,
                              {dir / "file"},
                              [](const auto&) { FAIL("no change"); },
                              [&](const auto& diagnostic) { diagnostics.push_back(diagnostic); }};
  configuration.load();
  CHECK(diagnostics == std::vector<std::string>{(dir / "file: is not a directory").string()});
}
