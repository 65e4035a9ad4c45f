#include "daemons/job-supervisor/configuration/catalogue.hpp"

#include <doctest/doctest.h>

#include <format>
#include <set>

using namespace upstart::supervisor;

namespace {

// Stands in for the job language: "bad" does not parse, "odd" gives a warning; a text becomes the description, after
// that of the class it overrides.
ParseResult parse(std::string_view text, const ParseOptions& options) {
  if (text.starts_with("bad")) return {.job_class = {}, .diagnostics = {{.line = 1, .message = std::string{text}}}};
  auto made = options.base == nullptr ? JobClass{} : *options.base;
  made.name = options.name;
  made.path = options.path;
  made.positional_parameters = made.positional_parameters || options.dialect == Dialect::event_d;
  if (!made.description.empty()) made.description += '+';
  made.description += text;
  ParseResult result{.job_class = std::make_shared<const JobClass>(made), .diagnostics = {}};
  if (text.starts_with("odd"))
    result.diagnostics.push_back({.severity = Diagnostic::Severity::warning, .line = 1, .message = std::string{text}});
  return result;
}

// Files in memory and the catalogue of them: /admin before /vendor before /old/event.d.
class World {
public:
  static constexpr std::size_t admin = 0, vendor = 1, event_d = 2;

  void write(std::size_t directory, const std::string& below, std::string text) {
    files_[path(directory, below)] = std::move(text);
    catalogue_.found(directory, below);
  }
  void remove(std::size_t directory, const std::string& below) {
    files_.erase(path(directory, below));
    catalogue_.gone(directory, below);
  }
  void touch(std::size_t directory, const std::string& below) { catalogue_.found(directory, below); }
  void lock(std::size_t directory, const std::string& below, bool locked) {
    if (locked) locked_.insert(path(directory, below));
    else locked_.erase(path(directory, below));
    catalogue_.found(directory, below);
  }
  Catalogue& catalogue() { return catalogue_; }

  // "name=description" or "name gone" of each change, then "PATH: MESSAGE" of each report.
  std::vector<std::string> settle(Catalogue::Complain complain = Catalogue::Complain::once) {
    reads = parses = 0;
    auto outcome = catalogue_.settle(complain);
    std::vector<std::string> told;
    for (const auto& change : outcome.changes) {
      last = change.job_class;
      told.push_back(change.job_class ? std::format("{}={}", change.name, change.job_class->description)
                                      : change.name + " gone");
    }
    for (const auto& report : outcome.reports) told.push_back(report.path + ": " + report.diagnostic.message);
    return told;
  }

  int reads = 0, parses = 0;
  std::shared_ptr<const JobClass> last;

private:
  std::string path(std::size_t directory, const std::string& below) {
    return catalogue_.directories()[directory].path + '/' + below;
  }
  std::expected<std::string, ReadFault> read(const std::string& path) {
    ++reads;
    if (locked_.contains(path)) return std::unexpected{ReadFault{.reason = "Permission denied"}};
    auto file = files_.find(path);
    if (file == files_.end()) return std::unexpected{ReadFault{.missing = true, .reason = "No such file"}};
    return file->second;
  }

  std::map<std::string, std::string> files_;
  std::set<std::string> locked_;
  Catalogue catalogue_{{{.path = "/admin"}, {.path = "/vendor"}, {.path = "/old/event.d", .dialect = Dialect::event_d}},
                       [this](const std::string& file) { return read(file); },
                       [this](std::string_view text, const ParseOptions& options) {
                         ++parses;
                         return parse(text, options);
                       }};
};

using Told = std::vector<std::string>;

} // namespace

TEST_CASE("a new file is a new class, with its name and path") {
  World world;
  world.write(World::admin, "net/apache.conf", "v1");
  CHECK(world.settle() == Told{"net/apache=v1"});
  CHECK(world.last->path == "/admin/net/apache.conf");
  CHECK(world.last->name == "net/apache");
}

TEST_CASE("changes are sorted by name and told once") {
  World world;
  world.write(World::vendor, "b.conf", "b");
  world.write(World::admin, "c.conf", "c");
  world.write(World::admin, "a.conf", "a");
  CHECK(world.settle() == Told{"a=a", "b=b", "c=c"});
  CHECK(world.settle() == Told{});
}

TEST_CASE("a removed file takes its class away") {
  World world;
  world.write(World::admin, "a.conf", "v1");
  (void)world.settle();
  world.remove(World::admin, "a.conf");
  CHECK(world.settle() == Told{"a gone"});
}

TEST_CASE("a file that came and went before anybody looked is nothing") {
  World world;
  world.write(World::admin, "a.conf", "v1");
  world.remove(World::admin, "a.conf");
  CHECK(world.settle() == Told{});
}

TEST_CASE("a text that has not changed changes nothing and is not parsed") {
  World world;
  world.write(World::admin, "a.conf", "v1");
  world.write(World::admin, "a.override", "o");
  (void)world.settle();
  world.touch(World::admin, "a.conf");
  world.touch(World::admin, "a.override");
  CHECK(world.settle() == Told{});
  CHECK(world.parses == 0);
}

TEST_CASE("a file removed and written again with the same text changes nothing") {
  World world;
  world.write(World::admin, "a.conf", "v1");
  (void)world.settle();
  world.remove(World::admin, "a.conf");
  world.write(World::admin, "a.conf", "v1");
  CHECK(world.settle() == Told{});
}

TEST_CASE("a change of one file reads that file and its partners only") {
  World world;
  for (int i = 0; i < 100; ++i) world.write(World::admin, std::format("job{}.conf", i), "text");
  world.write(World::admin, "job7.override", "o");
  (void)world.settle();
  world.write(World::admin, "job7.conf", "new");
  CHECK(world.settle() == Told{"job7=new+o"});
  CHECK(world.reads == 2);
}

TEST_CASE("the first directory that has the file owns the name") {
  World world;
  world.write(World::vendor, "a.conf", "vendor");
  CHECK(world.settle() == Told{"a=vendor"});
  world.write(World::admin, "a.conf", "admin");
  CHECK(world.settle() == Told{"a=admin"});
  world.write(World::vendor, "a.conf", "vendor 2");
  CHECK(world.settle() == Told{});
  world.remove(World::admin, "a.conf");
  CHECK(world.settle() == Told{"a=vendor 2"});
}

TEST_CASE("the same text in another directory is another class: its path differs") {
  World world;
  world.write(World::vendor, "a.conf", "v1");
  (void)world.settle();
  world.write(World::admin, "a.conf", "v1");
  CHECK(world.settle() == Told{"a=v1"});
  CHECK(world.last->path == "/admin/a.conf");
}

TEST_CASE("a file that does not parse leaves the name to the next directory") {
  World world;
  world.write(World::admin, "a.conf", "bad");
  world.write(World::vendor, "a.conf", "vendor");
  CHECK(world.settle() == Told{"a=vendor", "/admin/a.conf: bad"});
  world.write(World::admin, "a.conf", "good");
  CHECK(world.settle() == Told{"a=good"});
}

TEST_CASE("an edit that does not parse takes the class away and is reported once") {
  World world;
  world.write(World::admin, "a.conf", "v1");
  (void)world.settle();
  world.write(World::admin, "a.conf", "bad");
  CHECK(world.settle() == Told{"a gone", "/admin/a.conf: bad"});
  world.touch(World::admin, "a.conf");
  CHECK(world.settle() == Told{});
  world.write(World::admin, "a.conf", "v1");
  CHECK(world.settle() == Told{"a=v1"});
}

TEST_CASE("a reload tells the errors that still stand, and no warning again") {
  World world;
  world.write(World::admin, "bad.conf", "bad");
  world.write(World::admin, "odd.conf", "odd");
  world.write(World::admin, "odd.override", "bad override");
  CHECK(world.settle().size() == 4);
  for (auto below : {"bad.conf", "odd.conf", "odd.override"}) world.touch(World::admin, below);
  CHECK(world.settle(Catalogue::Complain::again) == Told{"/admin/bad.conf: bad", "/admin/odd.override: bad override"});
}

TEST_CASE("an override comes on top of the class, and goes without a trace") {
  World world;
  world.write(World::admin, "a.conf", "v1");
  (void)world.settle();
  world.write(World::admin, "a.override", "o");
  CHECK(world.settle() == Told{"a=v1+o"});
  CHECK(world.last->path == "/admin/a.conf");
  world.remove(World::admin, "a.override");
  CHECK(world.settle() == Told{"a=v1"});
}

TEST_CASE("an override may stand in the same or an earlier directory, not in a later one") {
  World world;
  world.write(World::vendor, "a.conf", "vendor");
  world.write(World::vendor, "a.override", "vo");
  CHECK(world.settle() == Told{"a=vendor+vo"});
  world.write(World::admin, "a.override", "ao");
  CHECK(world.settle() == Told{"a=vendor+ao"});
  world.remove(World::admin, "a.override");
  world.write(World::admin, "a.conf", "admin");
  CHECK(world.settle() == Told{"a=admin"});
}

TEST_CASE("an override alone, or beside a file that does not parse, is ignored") {
  World world;
  world.write(World::admin, "a.override", "o");
  CHECK(world.settle() == Told{});
  world.write(World::admin, "a.conf", "bad");
  CHECK(world.settle() == Told{"/admin/a.conf: bad"});
}

TEST_CASE("an override with an error is ignored whole and reported once") {
  World world;
  world.write(World::admin, "a.conf", "v1");
  world.write(World::admin, "a.override", "bad");
  CHECK(world.settle() == Told{"a=v1", "/admin/a.override: bad"});
  world.write(World::admin, "a.conf", "v2");
  CHECK(world.settle() == Told{"a=v2"});
  world.write(World::admin, "a.override", "o");
  CHECK(world.settle() == Told{"a=v2+o"});
  world.write(World::admin, "a.override", "bad again");
  CHECK(world.settle() == Told{"a=v2", "/admin/a.override: bad again"});
}

TEST_CASE("an override with an error leaves the job to the override of a later directory") {
  World world;
  world.write(World::vendor, "a.conf", "v1");
  world.write(World::vendor, "a.override", "vo");
  world.write(World::admin, "a.override", "bad");
  CHECK(world.settle() == Told{"a=v1+vo", "/admin/a.override: bad"});
}

TEST_CASE("a warning is told when its text is new") {
  World world;
  world.write(World::admin, "a.conf", "odd");
  CHECK(world.settle() == Told{"a=odd", "/admin/a.conf: odd"});
  world.write(World::admin, "a.override", "o");
  CHECK(world.settle() == Told{"a=odd+o"});
}

TEST_CASE("a file of event.d is read in the old dialect and may be overridden from an earlier directory") {
  World world;
  world.write(World::event_d, "rc2", "old");
  CHECK(world.settle() == Told{"rc2=old"});
  CHECK(world.last->positional_parameters);
  CHECK(world.last->path == "/old/event.d/rc2");
  world.write(World::admin, "rc2.override", "o");
  CHECK(world.settle() == Told{"rc2=old+o"});
}

TEST_CASE("an unreadable file is reported once and its class stays as it was") {
  World world;
  world.write(World::admin, "a.conf", "v1");
  (void)world.settle();
  world.lock(World::admin, "a.conf", true);
  CHECK(world.settle() == Told{"/admin/a.conf: Permission denied"});
  world.touch(World::admin, "a.conf");
  CHECK(world.settle() == Told{});
  world.lock(World::admin, "a.conf", false);
  CHECK(world.settle() == Told{});
  world.write(World::admin, "a.conf", "v2");
  CHECK(world.settle() == Told{"a=v2"});
}

TEST_CASE("a file that never could be read leaves the name to the next directory") {
  World world;
  world.write(World::admin, "a.conf", "admin");
  world.lock(World::admin, "a.conf", true);
  world.write(World::vendor, "a.conf", "vendor");
  CHECK(world.settle() == Told{"a=vendor", "/admin/a.conf: Permission denied"});
}

TEST_CASE("a file that vanishes before it is read is gone") {
  World world;
  world.write(World::admin, "a.conf", "v1");
  (void)world.settle();
  world.remove(World::admin, "a.conf");
  world.touch(World::admin, "a.conf");
  CHECK(world.settle() == Told{"a gone"});
}

TEST_CASE("all files below a path go together, and no others") {
  World world;
  for (auto below : {"net/a.conf", "net/sub/b.conf", "net.conf", "network/c.conf"})
    world.write(World::admin, below, "x");
  world.write(World::vendor, "net/d.conf", "x");
  (void)world.settle();
  world.catalogue().gone_below(World::admin, "net");
  CHECK(world.settle() == Told{"net/a gone", "net/sub/b gone"});
  world.catalogue().gone_below(World::admin, "");
  CHECK(world.settle() == Told{"net gone", "network/c gone"});
}

TEST_CASE("files that could not be looked for are taken to be as they were") {
  World world;
  world.write(World::admin, "net/a.conf", "x");
  (void)world.settle();
  world.catalogue().gone_below(World::admin, "");
  world.catalogue().kept(World::admin, "net");
  CHECK(world.settle() == Told{});
}
