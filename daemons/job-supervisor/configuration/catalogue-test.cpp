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
class Fixture {
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
  std::vector<std::string> update(Catalogue::Reporting reporting = Catalogue::Reporting::new_only) {
    reads = parses = 0;
    auto outcome = catalogue_.update(reporting);
    std::vector<std::string> reported;
    for (const auto& change : outcome.changes) {
      last = change.job_class;
      reported.push_back(change.job_class ? std::format("{}={}", change.name, change.job_class->description)
                                          : change.name + " gone");
    }
    for (const auto& report : outcome.reports) reported.push_back(report.path + ": " + report.diagnostic.message);
    return reported;
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

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("a new file is a new class, with its name and path") {
  Fixture fixture;
  fixture.write(Fixture::admin, "net/apache.conf", "v1");
  CHECK(fixture.update() == Lines{"net/apache=v1"});
  CHECK(fixture.last->path == "/admin/net/apache.conf");
  CHECK(fixture.last->name == "net/apache");
}

TEST_CASE("changes are sorted by name and reported once") {
  Fixture fixture;
  fixture.write(Fixture::vendor, "b.conf", "b");
  fixture.write(Fixture::admin, "c.conf", "c");
  fixture.write(Fixture::admin, "a.conf", "a");
  CHECK(fixture.update() == Lines{"a=a", "b=b", "c=c"});
  CHECK(fixture.update() == Lines{});
}

TEST_CASE("an update of a few takes the first by name, and the others keep their turn") {
  Fixture files;
  for (const auto* name : {"c.conf", "a.conf", "d.conf", "b.conf"}) files.write(Fixture::admin, name, "x");
  auto names = [](const Catalogue::Outcome& outcome) {
    std::vector<std::string> of_changes;
    for (const auto& change : outcome.changes) of_changes.push_back(change.name);
    return of_changes;
  };
  auto& catalogue = files.catalogue();
  CHECK(names(catalogue.update(Catalogue::Reporting::new_only, 2)) == Lines{"a", "b"});
  CHECK(catalogue.is_behind());
  CHECK(names(catalogue.update_job("d")) == Lines{"d"});
  CHECK(names(catalogue.update_job("d")).empty());
  files.write(Fixture::admin, "a.conf", "y");
  CHECK(names(catalogue.update()) == Lines{"a", "c"});
  CHECK_FALSE(catalogue.is_behind());
}

TEST_CASE("a removed file takes its class away") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  (void)fixture.update();
  fixture.remove(Fixture::admin, "a.conf");
  CHECK(fixture.update() == Lines{"a gone"});
}

TEST_CASE("a file that came and went before an update is nothing") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  fixture.remove(Fixture::admin, "a.conf");
  CHECK(fixture.update() == Lines{});
}

TEST_CASE("a text that has not changed changes nothing and is not parsed") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  fixture.write(Fixture::admin, "a.override", "o");
  (void)fixture.update();
  fixture.touch(Fixture::admin, "a.conf");
  fixture.touch(Fixture::admin, "a.override");
  CHECK(fixture.update() == Lines{});
  CHECK(fixture.parses == 0);
}

TEST_CASE("a file removed and written again with the same text changes nothing") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  (void)fixture.update();
  fixture.remove(Fixture::admin, "a.conf");
  fixture.write(Fixture::admin, "a.conf", "v1");
  CHECK(fixture.update() == Lines{});
}

TEST_CASE("a change of one file reads that file and its partners only") {
  Fixture fixture;
  for (int i = 0; i < 100; ++i) fixture.write(Fixture::admin, std::format("job{}.conf", i), "text");
  fixture.write(Fixture::admin, "job7.override", "o");
  (void)fixture.update();
  fixture.write(Fixture::admin, "job7.conf", "new");
  CHECK(fixture.update() == Lines{"job7=new+o"});
  CHECK(fixture.reads == 2);
}

TEST_CASE("the first directory that has the file owns the name") {
  Fixture fixture;
  fixture.write(Fixture::vendor, "a.conf", "vendor");
  CHECK(fixture.update() == Lines{"a=vendor"});
  fixture.write(Fixture::admin, "a.conf", "admin");
  CHECK(fixture.update() == Lines{"a=admin"});
  fixture.write(Fixture::vendor, "a.conf", "vendor 2");
  CHECK(fixture.update() == Lines{});
  fixture.remove(Fixture::admin, "a.conf");
  CHECK(fixture.update() == Lines{"a=vendor 2"});
}

TEST_CASE("the same text in another directory is another class: its path differs") {
  Fixture fixture;
  fixture.write(Fixture::vendor, "a.conf", "v1");
  (void)fixture.update();
  fixture.write(Fixture::admin, "a.conf", "v1");
  CHECK(fixture.update() == Lines{"a=v1"});
  CHECK(fixture.last->path == "/admin/a.conf");
}

TEST_CASE("a file that does not parse leaves the name to the next directory") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "bad");
  fixture.write(Fixture::vendor, "a.conf", "vendor");
  CHECK(fixture.update() == Lines{"a=vendor", "/admin/a.conf: bad"});
  fixture.write(Fixture::admin, "a.conf", "good");
  CHECK(fixture.update() == Lines{"a=good"});
}

TEST_CASE("an edit that does not parse takes the class away and is reported once") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  (void)fixture.update();
  fixture.write(Fixture::admin, "a.conf", "bad");
  CHECK(fixture.update() == Lines{"a gone", "/admin/a.conf: bad"});
  fixture.touch(Fixture::admin, "a.conf");
  CHECK(fixture.update() == Lines{});
  fixture.write(Fixture::admin, "a.conf", "v1");
  CHECK(fixture.update() == Lines{"a=v1"});
}

TEST_CASE("a reload reports the errors that remain, and no warning again") {
  Fixture fixture;
  fixture.write(Fixture::admin, "bad.conf", "bad");
  fixture.write(Fixture::admin, "odd.conf", "odd");
  fixture.write(Fixture::admin, "odd.override", "bad override");
  CHECK(fixture.update().size() == 4);
  for (auto below : {"bad.conf", "odd.conf", "odd.override"}) fixture.touch(Fixture::admin, below);
  CHECK(fixture.update(Catalogue::Reporting::all) ==
        Lines{"/admin/bad.conf: bad", "/admin/odd.override: bad override"});
}

TEST_CASE("an override comes on top of the class, and goes without a trace") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  (void)fixture.update();
  fixture.write(Fixture::admin, "a.override", "o");
  CHECK(fixture.update() == Lines{"a=v1+o"});
  CHECK(fixture.last->path == "/admin/a.conf");
  fixture.remove(Fixture::admin, "a.override");
  CHECK(fixture.update() == Lines{"a=v1"});
}

TEST_CASE("an override may stand in the same or an earlier directory, not in a later one") {
  Fixture fixture;
  fixture.write(Fixture::vendor, "a.conf", "vendor");
  fixture.write(Fixture::vendor, "a.override", "vo");
  CHECK(fixture.update() == Lines{"a=vendor+vo"});
  fixture.write(Fixture::admin, "a.override", "ao");
  CHECK(fixture.update() == Lines{"a=vendor+ao"});
  fixture.remove(Fixture::admin, "a.override");
  fixture.write(Fixture::admin, "a.conf", "admin");
  CHECK(fixture.update() == Lines{"a=admin"});
}

TEST_CASE("an override alone, or beside a file that does not parse, is ignored") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.override", "o");
  CHECK(fixture.update() == Lines{});
  fixture.write(Fixture::admin, "a.conf", "bad");
  CHECK(fixture.update() == Lines{"/admin/a.conf: bad"});
}

TEST_CASE("an override with an error is ignored whole and reported once") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  fixture.write(Fixture::admin, "a.override", "bad");
  CHECK(fixture.update() == Lines{"a=v1", "/admin/a.override: bad"});
  fixture.write(Fixture::admin, "a.conf", "v2");
  CHECK(fixture.update() == Lines{"a=v2"});
  fixture.write(Fixture::admin, "a.override", "o");
  CHECK(fixture.update() == Lines{"a=v2+o"});
  fixture.write(Fixture::admin, "a.override", "bad again");
  CHECK(fixture.update() == Lines{"a=v2", "/admin/a.override: bad again"});
}

TEST_CASE("an override with an error leaves the job to the override of a later directory") {
  Fixture fixture;
  fixture.write(Fixture::vendor, "a.conf", "v1");
  fixture.write(Fixture::vendor, "a.override", "vo");
  fixture.write(Fixture::admin, "a.override", "bad");
  CHECK(fixture.update() == Lines{"a=v1+vo", "/admin/a.override: bad"});
}

TEST_CASE("a warning is reported when its text is new") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "odd");
  CHECK(fixture.update() == Lines{"a=odd", "/admin/a.conf: odd"});
  fixture.write(Fixture::admin, "a.override", "o");
  CHECK(fixture.update() == Lines{"a=odd+o"});
}

TEST_CASE("a file of event.d is read in the old dialect and may be overridden from an earlier directory") {
  Fixture fixture;
  fixture.write(Fixture::event_d, "rc2", "old");
  CHECK(fixture.update() == Lines{"rc2=old"});
  CHECK(fixture.last->positional_parameters);
  CHECK(fixture.last->path == "/old/event.d/rc2");
  fixture.write(Fixture::admin, "rc2.override", "o");
  CHECK(fixture.update() == Lines{"rc2=old+o"});
}

TEST_CASE("an unreadable file is reported once and its class stays as it was") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  (void)fixture.update();
  fixture.lock(Fixture::admin, "a.conf", true);
  CHECK(fixture.update() == Lines{"/admin/a.conf: Permission denied"});
  fixture.touch(Fixture::admin, "a.conf");
  CHECK(fixture.update() == Lines{});
  fixture.lock(Fixture::admin, "a.conf", false);
  CHECK(fixture.update() == Lines{});
  fixture.write(Fixture::admin, "a.conf", "v2");
  CHECK(fixture.update() == Lines{"a=v2"});
}

TEST_CASE("a file that never could be read leaves the name to the next directory") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "admin");
  fixture.lock(Fixture::admin, "a.conf", true);
  fixture.write(Fixture::vendor, "a.conf", "vendor");
  CHECK(fixture.update() == Lines{"a=vendor", "/admin/a.conf: Permission denied"});
}

TEST_CASE("a file that vanishes before it is read is gone") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  (void)fixture.update();
  fixture.remove(Fixture::admin, "a.conf");
  fixture.touch(Fixture::admin, "a.conf");
  CHECK(fixture.update() == Lines{"a gone"});
}

TEST_CASE("the error of a job file is told apart from those of its overrides") {
  Fixture fixture;
  fixture.write(Fixture::admin, "a.conf", "v1");
  fixture.write(Fixture::admin, "a.override", "bad override");
  (void)fixture.update();
  CHECK(fixture.catalogue().faults_of("a") == Lines{"/admin/a.override:1: bad override"});
  CHECK(fixture.catalogue().job_file_fault("a").empty());
  CHECK(fixture.catalogue().lone_override("a").empty());
  fixture.write(Fixture::admin, "a.conf", "bad job");
  CHECK(fixture.update().front() == "a gone");
  CHECK(fixture.catalogue().job_file_fault("a") == "/admin/a.conf:1: bad job");
  CHECK(fixture.catalogue().lone_override("a").empty());
  fixture.remove(Fixture::admin, "a.conf");
  (void)fixture.update();
  CHECK(fixture.catalogue().job_file_fault("a").empty());
  CHECK(fixture.catalogue().lone_override("a") == "/admin/a.override");
  CHECK(fixture.catalogue().lone_override("b").empty());
}

TEST_CASE("all files below a path go together, and no others") {
  Fixture fixture;
  for (auto below : {"net/a.conf", "net/sub/b.conf", "net.conf", "network/c.conf"})
    fixture.write(Fixture::admin, below, "x");
  fixture.write(Fixture::vendor, "net/d.conf", "x");
  (void)fixture.update();
  fixture.catalogue().gone_below(Fixture::admin, "net");
  CHECK(fixture.update() == Lines{"net/a gone", "net/sub/b gone"});
  fixture.catalogue().gone_below(Fixture::admin, "");
  CHECK(fixture.update() == Lines{"net gone", "network/c gone"});
}

TEST_CASE("files that could not be examined are assumed to be unchanged") {
  Fixture fixture;
  fixture.write(Fixture::admin, "net/a.conf", "x");
  (void)fixture.update();
  fixture.catalogue().gone_below(Fixture::admin, "");
  fixture.catalogue().kept(Fixture::admin, "net");
  CHECK(fixture.update() == Lines{});
}
