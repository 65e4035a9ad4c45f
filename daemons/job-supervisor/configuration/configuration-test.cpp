// Real files in real directories, watched by a real loop.
#include "daemons/job-supervisor/configuration/configuration.hpp"

#include "protocol/file-descriptor.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <format>
#include <fstream>
#include <map>

using namespace upstart::supervisor;
using upstart::protocol::EventLoop;
using upstart::protocol::FileDescriptor;
using upstart::protocol::Timer;
namespace fs = std::filesystem;

namespace {

class TemporaryDirectory {
public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "upstart-configuration-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    fs::permissions(path_, fs::perms{0755});
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { fs::remove_all(path_); }
  [[nodiscard]] fs::path operator/(const std::string& below) const { return path_ / below; }

private:
  fs::path path_;
};

void write(const fs::path& file, const std::string& text) { std::ofstream{file} << text; }
void describe(const fs::path& file, const std::string& text) { write(file, std::format("description \"{}\"\n", text)); }

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

// Lets the loop run until it is so; false if that takes too long.
template <typename Condition>
bool comes_true_on(EventLoop& loop, Condition condition) {
  bool late = false;
  Timer deadline{loop, [&] { late = true; }};
  deadline.start(std::chrono::seconds{10});
  while (!condition() && !late) loop.run_once();
  return !late;
}

// How many directories this process watches, as the kernel tells it.
std::size_t watched_directories() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator{"/proc/self/fdinfo"}) {
    std::ifstream info{entry.path()};
    for (std::string line; std::getline(info, line);) count += line.starts_with("inotify wd:") ? 1 : 0;
  }
  return count;
}

// A configuration of /first, /second and /event.d below a temporary directory, and all that it tells.
class World {
public:
  World() {
    for (auto directory : {"first", "second", "event.d"}) fs::create_directory(dir / directory);
  }

  TemporaryDirectory dir;
  std::map<std::string, std::string> classes; // name → description
  std::vector<std::string> diagnostics;
  int calls = 0;
  std::vector<std::string> told; // names, in order

  void load() { configuration_.load(); }
  EventLoop& loop() { return loop_; }
  [[nodiscard]] bool has(const std::string& name, const std::string& description) const {
    auto found = classes.find(name);
    return found != classes.end() && found->second == description;
  }
  [[nodiscard]] bool lacks(const std::string& name) const { return !classes.contains(name); }
  [[nodiscard]] bool complained_of(const std::string& text) const {
    return std::ranges::any_of(diagnostics, [&](const auto& diagnostic) { return diagnostic.contains(text); });
  }

  template <typename Condition>
  bool comes_true(Condition condition) {
    return comes_true_on(loop_, condition);
  }
  bool comes(const std::string& name, const std::string& description) {
    return comes_true([&] { return has(name, description); });
  }
  bool goes(const std::string& name) {
    return comes_true([&] { return lacks(name); });
  }
  // Everything done to files so far has been seen.
  void catch_up() {
    auto mark = std::format("mark{}", ++marks_);
    describe(dir / ("first/" + mark + ".conf"), mark);
    REQUIRE(comes(mark, mark));
    std::erase(told, mark);
  }

private:
  void changed(const std::vector<ClassChange>& changes) {
    ++calls;
    CHECK(std::ranges::is_sorted(changes, {}, &ClassChange::name));
    for (const auto& change : changes) {
      told.push_back(change.name);
      if (change.job_class)
        classes[change.name] = change.job_class->description;
      else
        classes.erase(change.name);
    }
  }

  EventLoop loop_;
  int marks_ = 0;
  Configuration configuration_{loop_,
                               {dir / "first", dir / "second/", dir / "event.d"},
                               [this](const auto& changes) { changed(changes); },
                               [this](const auto& diagnostic) { diagnostics.push_back(diagnostic); }};
};

} // namespace

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
