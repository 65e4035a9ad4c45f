// Files that come, change and go, one by one and in bursts.
#include "daemons/job-supervisor/configuration/configuration-fixture.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

using namespace upstart::supervisor;
using namespace upstart::supervisor::testing;

TEST_CASE("a load reports all classes in one call before it returns") {
  Fixture fixture;
  fs::create_directories(fixture.dir / "first/net/deep");
  describe(fixture.dir / "first/a.conf", "a");
  describe(fixture.dir / "first/net/b.conf", "b");
  describe(fixture.dir / "first/net/deep/c.conf", "c");
  describe(fixture.dir / "second/a.conf", "shadowed");
  describe(fixture.dir / "second/a.override", "shadowed");
  describe(fixture.dir / "event.d/rc2", "rc2");
  fixture.load();
  CHECK(fixture.calls == 1);
  CHECK(fixture.classes ==
        std::map<std::string, std::string>{{"a", "a"}, {"net/b", "b"}, {"net/deep/c", "c"}, {"rc2", "rc2"}});
}

TEST_CASE(
    "a load in parts reports each class once, in the order of names but for one that is asked for before its turn") {
  Fixture fixture;
  for (const auto* name : {"b", "d", "a", "c"}) describe(fixture.dir / std::format("first/{}.conf", name), name);
  fixture.begin_load();
  CHECK(fixture.classes.empty());
  fixture.load_job("c");
  fixture.load_job("unknown");
  CHECK(fixture.reported == std::vector<std::string>{"c"});
  CHECK(fixture.load_part(2));
  CHECK(fixture.reported == std::vector<std::string>{"c", "a", "b"});
  fixture.load_job("a");
  CHECK_FALSE(fixture.load_part(2));
  CHECK(fixture.reported == std::vector<std::string>{"c", "a", "b", "d"});
  CHECK_FALSE(fixture.load_part(2));
}

TEST_CASE("between the parts of a load what has changed meanwhile is read for whoever asks for it") {
  Fixture fixture;
  for (const auto* name : {"a", "b"}) describe(fixture.dir / std::format("first/{}.conf", name), "old");
  fixture.begin_load();
  CHECK(fixture.load_part(1));
  describe(fixture.dir / "first/a.conf", "edited");
  describe(fixture.dir / "first/new.conf", "new");
  fixture.load_job("a");
  CHECK(fixture.has("a", "edited"));
  fixture.load_job("new");
  CHECK(fixture.has("new", "new"));
  CHECK_FALSE(fixture.load_part(2));
  CHECK(fixture.has("b", "old"));
}

TEST_CASE("what is hidden, a backup or no regular file is ignored") {
  Fixture fixture;
  fs::create_directories(fixture.dir / "first/.git");
  describe(fixture.dir / "first/.git/a.conf", "x");
  describe(fixture.dir / "first/.b.conf", "x");
  describe(fixture.dir / "event.d/c.dpkg-old", "x");
  REQUIRE(::mkfifo((fixture.dir / "first/fifo.conf").c_str(), 0600) == 0);
  fs::create_directories(fixture.dir / "first/directory.conf");
  fixture.load();
  REQUIRE(::mkfifo((fixture.dir / "first/later.conf").c_str(), 0600) == 0);
  fixture.catch_up();
  CHECK(fixture.classes.size() == 1);
  CHECK(fixture.diagnostics.empty());
}

TEST_CASE("a new, a changed and a removed file take effect by themselves") {
  Fixture fixture;
  fixture.load();
  describe(fixture.dir / "first/a.conf", "v1");
  CHECK(fixture.comes("a", "v1"));
  describe(fixture.dir / "first/a.conf", "v2");
  CHECK(fixture.comes("a", "v2"));
  describe(fixture.dir / "first/a.override", "o");
  CHECK(fixture.comes("a", "o"));
  fs::remove(fixture.dir / "first/a.override");
  CHECK(fixture.comes("a", "v2"));
  fs::remove(fixture.dir / "first/a.conf");
  CHECK(fixture.goes("a"));
}

TEST_CASE("an editor's write and rename loads once") {
  Fixture fixture;
  describe(fixture.dir / "first/a.conf", "v1");
  fixture.load();
  fixture.reported.clear();
  describe(fixture.dir / "first/a.conf.new", "v2");
  fs::rename(fixture.dir / "first/a.conf", fixture.dir / "first/a.conf~");
  fs::rename(fixture.dir / "first/a.conf.new", fixture.dir / "first/a.conf");
  CHECK(fixture.comes("a", "v2"));
  fixture.catch_up();
  CHECK(fixture.reported == std::vector<std::string>{"a"});
}

TEST_CASE("a renamed file is another job") {
  Fixture fixture;
  describe(fixture.dir / "first/a.conf", "v1");
  fixture.load();
  fs::rename(fixture.dir / "first/a.conf", fixture.dir / "first/b.conf");
  CHECK(fixture.comes("b", "v1"));
  CHECK(fixture.lacks("a"));
}

TEST_CASE("a file written again with the text it had changes nothing, nor does a reload") {
  Fixture fixture;
  describe(fixture.dir / "first/a.conf", "v1");
  fixture.load();
  fixture.reported.clear();
  describe(fixture.dir / "first/a.conf", "v1");
  fixture.catch_up();
  fixture.load();
  CHECK(fixture.reported.empty());
}

TEST_CASE("an edit that does not parse takes the class away and is reported once, and again by a reload") {
  Fixture fixture;
  describe(fixture.dir / "first/a.conf", "v1");
  fixture.load();
  write(fixture.dir / "first/a.conf", "bogus stanza\n");
  CHECK(fixture.goes("a"));
  fs::permissions(fixture.dir / "first/a.conf", fs::perms{0600});
  fixture.catch_up();
  REQUIRE(fixture.diagnostics.size() == 1);
  CHECK(fixture.diagnostics[0].starts_with((fixture.dir / "first/a.conf:1:1: Unknown stanza").string()));
  fixture.load();
  CHECK(fixture.diagnostics.size() == 2);
}

TEST_CASE("a burst of 500 files is reported in few calls") {
  Fixture fixture;
  fixture.load();
  for (int i = 0; i < 500; ++i) describe(fixture.dir / std::format("first/job{}.conf", i), "v1");
  CHECK(fixture.comes_true([&] { return fixture.classes.size() == 500; }));
  CHECK(fixture.calls <= 5);
}

TEST_CASE("files that come one after another are gathered") {
  Fixture fixture;
  fixture.load();
  int written = 0;
  Timer stream{fixture.loop(), [&] {
                 if (written < 200) describe(fixture.dir / std::format("first/job{}.conf", ++written), "v1");
               }};
  auto started = std::chrono::steady_clock::now();
  stream.start_repeating(std::chrono::milliseconds{1});
  REQUIRE(fixture.comes_true([&] { return fixture.classes.size() == 200; }));
  CHECK(fixture.calls <= 2 + (std::chrono::steady_clock::now() - started) / std::chrono::milliseconds{50});
}

TEST_CASE("changes that come without a pause are reported all the same") {
  Fixture fixture;
  fixture.load();
  int written = 0;
  Timer stream{fixture.loop(), [&] { describe(fixture.dir / "first/a.conf", std::to_string(++written)); }};
  stream.start_repeating(std::chrono::milliseconds{5});
  CHECK(fixture.comes_true([&] { return !fixture.lacks("a"); }));
}

TEST_CASE("a file that is still being written is read when its writer is done") {
  Fixture fixture;
  fixture.load();
  {
    std::ofstream slow{fixture.dir / "first/slow.conf"};
    slow << "descr" << std::flush;
    fs::permissions(fixture.dir / "first/slow.conf", fs::perms{0600});
    fixture.catch_up();
    slow << "iption \"v1\"\n";
  }
  CHECK(fixture.comes("slow", "v1"));
  CHECK(fixture.diagnostics.empty());
}

TEST_CASE("a hard link is a new file at once") {
  Fixture fixture;
  describe(fixture.dir / "target", "v1");
  fixture.load();
  fs::create_hard_link(fixture.dir / "target", fixture.dir / "first/a.conf");
  fixture.catch_up();
  CHECK(fixture.has("a", "v1"));
}

TEST_CASE("a file whose writer never closes it is read after a while") {
  Fixture fixture;
  fixture.load();
  std::ofstream open{fixture.dir / "first/a.conf"};
  open << "description \"v1\"\n" << std::flush;
  CHECK(fixture.comes("a", "v1"));
}

TEST_CASE("an overflow of the kernel's queue leads to an examination of everything") {
  Fixture fixture;
  describe(fixture.dir / "first/gone.conf", "v1");
  fixture.load();
  std::size_t queue = 0;
  std::ifstream{"/proc/sys/fs/inotify/max_queued_events"} >> queue;
  if (queue == 0 || queue > 100'000) return;
  fs::remove(fixture.dir / "first/gone.conf");
  auto one = (fixture.dir / "first/one.conf").string(), other = (fixture.dir / "first/other.conf").string();
  describe(one, "v1");
  for (std::size_t i = 0; i <= queue / 4; ++i) {
    ::rename(one.c_str(), other.c_str());
    ::rename(other.c_str(), one.c_str());
  }
  describe(fixture.dir / "second/late.conf", "v1");
  fs::create_directories(fixture.dir / "second/late");
  describe(fixture.dir / "second/late/too.conf", "v1");
  CHECK(fixture.comes("late", "v1"));
  CHECK(fixture.has("late/too", "v1"));
  CHECK(fixture.lacks("gone"));
}

TEST_CASE("a file that is replaced by one still being written keeps its class until that is done") {
  Fixture fixture;
  describe(fixture.dir / "first/a.conf", "v1");
  fixture.load();
  fixture.reported.clear();
  {
    fs::rename(fixture.dir / "first/a.conf", fixture.dir / "first/a.conf~");
    std::ofstream slow{fixture.dir / "first/a.conf"};
    slow << "descr" << std::flush;
    fixture.catch_up();
    CHECK(fixture.reported.empty());
    slow << "iption \"v2\"\n";
  }
  CHECK(fixture.comes("a", "v2"));
  CHECK(fixture.diagnostics.empty());
}

TEST_CASE("where nothing can be watched, files are loaded and a warning says so") {
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
                              [&](auto, const auto& diagnostic) { diagnostics.push_back(diagnostic); }};
  ::setrlimit(RLIMIT_NOFILE, &was);
  configuration.load();
  CHECK(classes == 1);
  REQUIRE(diagnostics.size() == 1);
  CHECK(diagnostics[0].contains("changes are not noticed: run `initctl reload-configuration`"));
}

TEST_CASE("what has been done to the files is settled on demand, and a burst that was settled is not loaded again") {
  Fixture fixture;
  fixture.load();
  for (int i = 0; i < 1000; ++i) {
    auto version = std::to_string(i);
    describe(fixture.dir / "first/a.conf", version);
    fixture.settle();
    REQUIRE(fixture.has("a", version)); // new, or edited
    describe(fixture.dir / "first/a.override", "over " + version);
    fixture.settle();
    REQUIRE(fixture.has("a", "over " + version));
    fs::remove(fixture.dir / "first/a.override");
    fs::rename(fixture.dir / "first/a.conf", fixture.dir / "first/b.conf");
    fixture.settle();
    REQUIRE(fixture.lacks("a"));
    REQUIRE(fixture.has("b", version));
    fs::remove(fixture.dir / "first/b.conf");
    fixture.settle();
    REQUIRE(fixture.lacks("b"));
  }
  auto calls = fixture.calls;
  describe(fixture.dir / "first/c.conf", "c");
  fixture.settle();
  CHECK(fixture.calls == calls + 1);
  fixture.settle();
  fixture.catch_up();
  CHECK(fixture.calls == calls + 2); // that of the mark
}
