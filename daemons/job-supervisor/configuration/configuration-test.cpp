// Files that come, change and go, one by one and in bursts.
#include "daemons/job-supervisor/configuration/configuration-fixture.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

using namespace upstart::supervisor;
using namespace upstart::supervisor::testing;

TEST_CASE("a load tells all classes in one call before it returns") {
  World world;
  fs::create_directories(world.dir / "first/net/deep");
  describe(world.dir / "first/a.conf", "a");
  describe(world.dir / "first/net/b.conf", "b");
  describe(world.dir / "first/net/deep/c.conf", "c");
  describe(world.dir / "second/a.conf", "shadowed");
  describe(world.dir / "second/a.override", "shadowed");
  describe(world.dir / "event.d/rc2", "rc2");
  world.load();
  CHECK(world.calls == 1);
  CHECK(world.classes ==
        std::map<std::string, std::string>{{"a", "a"}, {"net/b", "b"}, {"net/deep/c", "c"}, {"rc2", "rc2"}});
}

TEST_CASE("what is hidden, a backup or no regular file is passed over") {
  World world;
  fs::create_directories(world.dir / "first/.git");
  describe(world.dir / "first/.git/a.conf", "x");
  describe(world.dir / "first/.b.conf", "x");
  describe(world.dir / "event.d/c.dpkg-old", "x");
  REQUIRE(::mkfifo((world.dir / "first/fifo.conf").c_str(), 0600) == 0);
  fs::create_directories(world.dir / "first/directory.conf");
  world.load();
  REQUIRE(::mkfifo((world.dir / "first/later.conf").c_str(), 0600) == 0);
  world.catch_up();
  CHECK(world.classes.size() == 1);
  CHECK(world.diagnostics.empty());
}

TEST_CASE("a new, a changed and a removed file take effect by themselves") {
  World world;
  world.load();
  describe(world.dir / "first/a.conf", "v1");
  CHECK(world.comes("a", "v1"));
  describe(world.dir / "first/a.conf", "v2");
  CHECK(world.comes("a", "v2"));
  describe(world.dir / "first/a.override", "o");
  CHECK(world.comes("a", "o"));
  fs::remove(world.dir / "first/a.override");
  CHECK(world.comes("a", "v2"));
  fs::remove(world.dir / "first/a.conf");
  CHECK(world.goes("a"));
}

TEST_CASE("an editor's write and rename loads once") {
  World world;
  describe(world.dir / "first/a.conf", "v1");
  world.load();
  world.told.clear();
  describe(world.dir / "first/a.conf.new", "v2");
  fs::rename(world.dir / "first/a.conf", world.dir / "first/a.conf~");
  fs::rename(world.dir / "first/a.conf.new", world.dir / "first/a.conf");
  CHECK(world.comes("a", "v2"));
  world.catch_up();
  CHECK(world.told == std::vector<std::string>{"a"});
}

TEST_CASE("a renamed file is another job") {
  World world;
  describe(world.dir / "first/a.conf", "v1");
  world.load();
  fs::rename(world.dir / "first/a.conf", world.dir / "first/b.conf");
  CHECK(world.comes("b", "v1"));
  CHECK(world.lacks("a"));
}

TEST_CASE("a file written again with the text it had changes nothing, nor does a reload") {
  World world;
  describe(world.dir / "first/a.conf", "v1");
  world.load();
  world.told.clear();
  describe(world.dir / "first/a.conf", "v1");
  world.catch_up();
  world.load();
  CHECK(world.told.empty());
}

TEST_CASE("an edit that does not parse takes the class away and is reported once, and again by a reload") {
  World world;
  describe(world.dir / "first/a.conf", "v1");
  world.load();
  write(world.dir / "first/a.conf", "bogus stanza\n");
  CHECK(world.goes("a"));
  fs::permissions(world.dir / "first/a.conf", fs::perms{0600});
  world.catch_up();
  REQUIRE(world.diagnostics.size() == 1);
  CHECK(world.diagnostics[0].starts_with((world.dir / "first/a.conf:1:1: Unknown stanza").string()));
  world.load();
  CHECK(world.diagnostics.size() == 2);
}

TEST_CASE("a burst of 500 files is told in few calls") {
  World world;
  world.load();
  for (int i = 0; i < 500; ++i) describe(world.dir / std::format("first/job{}.conf", i), "v1");
  CHECK(world.comes_true([&] { return world.classes.size() == 500; }));
  CHECK(world.calls <= 5);
}

TEST_CASE("files that come one after another are gathered") {
  World world;
  world.load();
  int written = 0;
  Timer stream{world.loop(), [&] {
                 if (written < 200) describe(world.dir / std::format("first/job{}.conf", ++written), "v1");
               }};
  auto started = std::chrono::steady_clock::now();
  stream.start_repeating(std::chrono::milliseconds{1});
  REQUIRE(world.comes_true([&] { return world.classes.size() == 200; }));
  CHECK(world.calls <= 2 + (std::chrono::steady_clock::now() - started) / std::chrono::milliseconds{50});
}

TEST_CASE("changes that come without a pause are told all the same") {
  World world;
  world.load();
  int written = 0;
  Timer stream{world.loop(), [&] { describe(world.dir / "first/a.conf", std::to_string(++written)); }};
  stream.start_repeating(std::chrono::milliseconds{5});
  CHECK(world.comes_true([&] { return !world.lacks("a"); }));
}

TEST_CASE("a file that is still being written is read when its writer is done") {
  World world;
  world.load();
  {
    std::ofstream slow{world.dir / "first/slow.conf"};
    slow << "descr" << std::flush;
    fs::permissions(world.dir / "first/slow.conf", fs::perms{0600});
    world.catch_up();
    slow << "iption \"v1\"\n";
  }
  CHECK(world.comes("slow", "v1"));
  CHECK(world.diagnostics.empty());
}

TEST_CASE("a hard link is a new file at once") {
  World world;
  describe(world.dir / "target", "v1");
  world.load();
  fs::create_hard_link(world.dir / "target", world.dir / "first/a.conf");
  world.catch_up();
  CHECK(world.has("a", "v1"));
}

TEST_CASE("a file whose writer never closes it is read after a while") {
  World world;
  world.load();
  std::ofstream open{world.dir / "first/a.conf"};
  open << "description \"v1\"\n" << std::flush;
  CHECK(world.comes("a", "v1"));
}

TEST_CASE("a queue of the kernel that overflows leads to a look at everything") {
  World world;
  describe(world.dir / "first/gone.conf", "v1");
  world.load();
  std::size_t queue = 0;
  std::ifstream{"/proc/sys/fs/inotify/max_queued_events"} >> queue;
  if (queue == 0 || queue > 100'000) return;
  fs::remove(world.dir / "first/gone.conf");
  auto one = (world.dir / "first/one.conf").string(), other = (world.dir / "first/other.conf").string();
  describe(one, "v1");
  for (std::size_t i = 0; i <= queue / 4; ++i) {
    ::rename(one.c_str(), other.c_str());
    ::rename(other.c_str(), one.c_str());
  }
  describe(world.dir / "second/late.conf", "v1");
  fs::create_directories(world.dir / "second/late");
  describe(world.dir / "second/late/too.conf", "v1");
  CHECK(world.comes("late", "v1"));
  CHECK(world.has("late/too", "v1"));
  CHECK(world.lacks("gone"));
}

TEST_CASE("a file that is replaced by one still being written keeps its class until that is done") {
  World world;
  describe(world.dir / "first/a.conf", "v1");
  world.load();
  world.told.clear();
  {
    fs::rename(world.dir / "first/a.conf", world.dir / "first/a.conf~");
    std::ofstream slow{world.dir / "first/a.conf"};
    slow << "descr" << std::flush;
    world.catch_up();
    CHECK(world.told.empty());
    slow << "iption \"v2\"\n";
  }
  CHECK(world.comes("a", "v2"));
  CHECK(world.diagnostics.empty());
}

TEST_CASE("where nothing can be watched, files are loaded all the same and that is said") {
  TemporaryDirectory dir;
  EventLoop loop;
  describe(dir / "a.conf", "v1");
  std::vector<std::string> diagnostics;
  std::size_t classes = 0;
  rlimit was{};
  ::getrlimit(RLIMIT_NOFILE, &was);
  rlimit none{.rlim_cur = 0, .rlim_max = was.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  Configuration configuration{loop,
                              {dir / ""},
                              [&](const auto& changes) { classes += changes.size(); },
                              [&](const auto& diagnostic) { diagnostics.push_back(diagnostic); }};
  ::setrlimit(RLIMIT_NOFILE, &was);
  configuration.load();
  CHECK(classes == 1);
  REQUIRE(diagnostics.size() == 1);
  CHECK(diagnostics[0].contains("will not be noticed"));
}
