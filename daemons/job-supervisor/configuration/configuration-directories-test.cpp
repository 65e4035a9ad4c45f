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

// How many directories this process watches, as the kernel counts them.
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
  Fixture fixture;
  fixture.load();
  fs::create_directories(fixture.dir / "first/net/deep");
  describe(fixture.dir / "first/net/deep/a.conf", "v1");
  CHECK(fixture.comes("net/deep/a", "v1"));
  describe(fixture.dir / "first/net/b.conf", "v1");
  CHECK(fixture.comes("net/b", "v1"));
  fs::remove_all(fixture.dir / "first/net");
  CHECK(fixture.goes("net/b"));
  CHECK(fixture.lacks("net/deep/a"));
}

TEST_CASE("a moved sub-directory takes its jobs along, and is watched where it has come to") {
  Fixture fixture;
  fs::create_directories(fixture.dir / "first/net/deep");
  describe(fixture.dir / "first/net/deep/a.conf", "v1");
  fixture.load();
  fs::rename(fixture.dir / "first/net", fixture.dir / "first/web");
  CHECK(fixture.comes("web/deep/a", "v1"));
  CHECK(fixture.lacks("net/deep/a"));
  describe(fixture.dir / "first/web/deep/a.conf", "v2");
  CHECK(fixture.comes("web/deep/a", "v2"));
  fs::rename(fixture.dir / "first/web", fixture.dir / "elsewhere");
  CHECK(fixture.goes("web/deep/a"));
  fixture.reported.clear();
  describe(fixture.dir / "elsewhere/deep/a.conf", "v3");
  fixture.catch_up();
  CHECK(fixture.reported.empty());
}

TEST_CASE("what has gone or was examined again is not watched twice") {
  Fixture fixture;
  fixture.load();
  auto before = watched_directories();
  REQUIRE(before > 0);
  fs::create_directories(fixture.dir / "first/net/deep");
  describe(fixture.dir / "first/net/deep/a.conf", "v1");
  fs::create_symlink(fixture.dir / "first/net/deep/a.conf", fixture.dir / "first/link.conf");
  CHECK(fixture.comes("link", "v1"));
  auto with_net = watched_directories();
  CHECK(with_net == before + 2);
  fixture.load();
  CHECK(watched_directories() == with_net);
  fs::remove(fixture.dir / "first/link.conf");
  fs::rename(fixture.dir / "first/net", fixture.dir / "elsewhere");
  CHECK(fixture.goes("link"));
  CHECK(watched_directories() == before);
}

TEST_CASE("a directory put in the place of another one is what counts") {
  Fixture fixture;
  fs::create_directories(fixture.dir / "first/net");
  fs::create_directories(fixture.dir / "new");
  describe(fixture.dir / "first/net/a.conf", "old");
  describe(fixture.dir / "new/a.conf", "new");
  fixture.load();
  fs::rename(fixture.dir / "first/net", fixture.dir / "old");
  fs::rename(fixture.dir / "new", fixture.dir / "first/net");
  CHECK(fixture.comes("net/a", "new"));
  describe(fixture.dir / "first/net/a.conf", "newer");
  CHECK(fixture.comes("net/a", "newer"));
}

TEST_CASE("a missing directory is watched for, with the directories that lead to it") {
  TemporaryDirectory dir;
  EventLoop loop;
  std::vector<std::string> names;
  Configuration configuration{loop,
                              {dir / "not/there/yet"},
                              [&](const auto& changes) { names.push_back(changes.front().name); },
                              [](auto, const auto& diagnostic) { FAIL(diagnostic); }};
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
  Fixture fixture;
  describe(fixture.dir / "second/a.conf", "v1");
  fixture.load();
  fs::remove_all(fixture.dir / "second");
  CHECK(fixture.goes("a"));
  fs::create_directories(fixture.dir / "second");
  describe(fixture.dir / "second/a.conf", "v2");
  CHECK(fixture.comes("a", "v2"));
  describe(fixture.dir / "second/a.conf", "v3");
  CHECK(fixture.comes("a", "v3"));
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
                              [](auto, const auto& diagnostic) { FAIL(diagnostic); }};
  configuration.load();
  fs::rename(dir / "above", dir / "away");
  REQUIRE(comes_true_on(loop, [&] { return !last.front().job_class; }));
  fs::rename(dir / "away", dir / "above");
  REQUIRE(comes_true_on(loop, [&] { return last.front().job_class != nullptr; }));
  CHECK(last.front().name == "a");
}

TEST_CASE("a symbolic link to a file is followed, also a new one, and when its target changes") {
  Fixture fixture;
  describe(fixture.dir / "target", "v1");
  fs::create_symlink(fixture.dir / "target", fixture.dir / "first/a.conf");
  fixture.load();
  CHECK(fixture.has("a", "v1"));
  fs::create_symlink("../target", fixture.dir / "first/b.conf");
  CHECK(fixture.comes("b", "v1"));
  describe(fixture.dir / "target", "v2");
  CHECK(fixture.comes("b", "v2"));
  CHECK(fixture.has("a", "v2"));
  describe(fixture.dir / "target.new", "v3");
  fs::rename(fixture.dir / "target.new", fixture.dir / "target");
  CHECK(fixture.comes("b", "v3"));
  fs::remove(fixture.dir / "target");
  CHECK(fixture.goes("b"));
  describe(fixture.dir / "target", "v4");
  CHECK(fixture.comes("b", "v4"));
}

TEST_CASE("a symbolic link to a directory is followed, and may be turned to another one") {
  Fixture fixture;
  fs::create_directories(fixture.dir / "v1/deep");
  fs::create_directories(fixture.dir / "v2");
  describe(fixture.dir / "v1/deep/a.conf", "v1");
  describe(fixture.dir / "v2/b.conf", "v2");
  fs::create_symlink(fixture.dir / "v1", fixture.dir / "first/net");
  fixture.load();
  CHECK(fixture.has("net/deep/a", "v1"));
  describe(fixture.dir / "v1/deep/a.conf", "edited");
  CHECK(fixture.comes("net/deep/a", "edited"));
  fs::create_symlink(fixture.dir / "v2", fixture.dir / "first/net.new");
  fs::rename(fixture.dir / "first/net.new", fixture.dir / "first/net");
  CHECK(fixture.comes("net/b", "v2"));
  CHECK(fixture.lacks("net/deep/a"));
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
                              [](auto, const auto& diagnostic) { FAIL(diagnostic); }};
  configuration.load();
  CHECK(description == "v1");
  fs::create_symlink("v2", dir / "conf.new");
  fs::rename(dir / "conf.new", dir / "conf");
  CHECK(comes_true_on(loop, [&] { return description == "v2"; }));
}

TEST_CASE("a symbolic link that leads back to where it stands is reported and not followed") {
  Fixture fixture;
  describe(fixture.dir / "first/a.conf", "v1");
  fs::create_symlink(".", fixture.dir / "first/loop");
  fixture.load();
  CHECK(fixture.classes.size() == 1);
  CHECK(fixture.has_reported((fixture.dir / "first/loop: leads back").string()));
}

TEST_CASE("the number of directories that are reached by symbolic links is bounded") {
  Fixture fixture;
  for (int i = 0; i < 300; ++i) fs::create_directories(fixture.dir / std::format("many/{}", i));
  fs::create_symlink(fixture.dir / "many", fixture.dir / "first/many");
  describe(fixture.dir / "second/a.conf", "v1");
  fixture.load();
  CHECK(fixture.has("a", "v1"));
  REQUIRE(fixture.diagnostics.size() == 1);
  CHECK(fixture.has_reported("is ignored: symbolic links"));
}

TEST_CASE("an unreadable directory is reported once, the others load, and it is read when that is mended") {
  Fixture fixture;
  fs::create_directories(fixture.dir / "first/closed");
  describe(fixture.dir / "first/closed/a.conf", "v1");
  describe(fixture.dir / "second/b.conf", "v1");
  fs::permissions(fixture.dir / "first/closed", fs::perms{0});
  {
    Unprivileged somebody;
    if (!somebody.works()) return;
    fixture.load();
  }
  CHECK(fixture.has("b", "v1"));
  CHECK(fixture.lacks("closed/a"));
  CHECK(fixture.diagnostics ==
        std::vector<std::string>{(fixture.dir / "first/closed: cannot be read: Permission denied").string()});
  fixture.catch_up();
  CHECK(fixture.diagnostics.size() == 1);
  fs::permissions(fixture.dir / "first/closed", fs::perms{0755});
  CHECK(fixture.comes("closed/a", "v1"));
}

TEST_CASE("a configured directory that may not be read is read when it may") {
  Fixture fixture;
  describe(fixture.dir / "second/a.conf", "v1");
  fs::permissions(fixture.dir / "second", fs::perms{0});
  {
    Unprivileged somebody;
    if (!somebody.works()) return;
    fixture.load();
  }
  CHECK(fixture.has_reported((fixture.dir / "second: cannot be read: Permission denied").string()));
  fs::permissions(fixture.dir / "second", fs::perms{0755});
  CHECK(fixture.comes("a", "v1"));
}

TEST_CASE("what was known of a directory stays when it cannot be read any more") {
  Fixture fixture;
  fs::create_directories(fixture.dir / "first/net");
  describe(fixture.dir / "first/net/a.conf", "v1");
  fixture.load();
  fs::permissions(fixture.dir / "first/net", fs::perms{0});
  {
    Unprivileged somebody;
    if (!somebody.works()) return;
    fixture.load();
  }
  CHECK(fixture.has("net/a", "v1"));
  CHECK(fixture.has_reported("first/net: cannot be read"));
  fs::permissions(fixture.dir / "first/net", fs::perms{0755});
  describe(fixture.dir / "first/net/a.conf", "v2");
  CHECK(fixture.comes("net/a", "v2"));
}

TEST_CASE("a configured directory that is a file is reported") {
  TemporaryDirectory dir;
  EventLoop loop;
  std::vector<std::string> diagnostics;
  write(dir / "file", "");
  Configuration configuration{loop,
                              {dir / "file"},
                              [](const auto&) { FAIL("no change"); },
                              [&](auto, const auto& diagnostic) { diagnostics.push_back(diagnostic); }};
  configuration.load();
  CHECK(diagnostics == std::vector<std::string>{(dir / "file: is not a directory").string()});
}
