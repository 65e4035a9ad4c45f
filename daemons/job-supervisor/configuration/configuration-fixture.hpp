// For tests of the configuration: real files in real directories, watched by a real loop.
#pragma once

#include "daemons/job-supervisor/configuration/configuration.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <format>
#include <fstream>
#include <map>

namespace upstart::supervisor::testing {

using base::EventLoop;
using base::Timer;
namespace fs = std::filesystem;

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

inline void write(const fs::path& file, const std::string& text) { std::ofstream{file} << text; }
inline void describe(const fs::path& file, const std::string& text) {
  write(file, std::format("description \"{}\"\n", text));
}

// Lets the loop run until it is so; false if that takes too long.
template <typename Condition> bool comes_true_on(EventLoop& loop, Condition condition) {
  bool late = false;
  Timer deadline{loop, [&] { late = true; }};
  deadline.start(std::chrono::seconds{10});
  while (!condition() && !late) loop.run_once();
  return !late;
}

// A configuration of /first, /second and /event.d below a temporary directory, and all that it reports.
class Fixture {
public:
  Fixture() {
    for (auto directory : {"first", "second", "event.d"}) fs::create_directory(dir / directory);
  }

  TemporaryDirectory dir;
  std::map<std::string, std::string> classes; // name → description
  std::vector<std::string> diagnostics;
  int calls = 0;
  std::vector<std::string> reported; // names, in order

  void load() { configuration_.load(); }
  void begin_load() { configuration_.begin_load(); }
  bool load_part(std::size_t most) { return configuration_.load_part(most); }
  void load_job(const std::string& name) { configuration_.load_job(name); }
  void settle() { configuration_.settle(); }
  EventLoop& loop() { return loop_; }
  [[nodiscard]] bool has(const std::string& name, const std::string& description) const {
    auto found = classes.find(name);
    return found != classes.end() && found->second == description;
  }
  [[nodiscard]] bool lacks(const std::string& name) const { return !classes.contains(name); }
  [[nodiscard]] bool has_reported(const std::string& text) const {
    return std::ranges::any_of(diagnostics, [&](const auto& diagnostic) { return diagnostic.contains(text); });
  }

  template <typename Condition> bool comes_true(Condition condition) { return comes_true_on(loop_, condition); }
  bool comes(const std::string& name, const std::string& description) {
    return comes_true([&] { return has(name, description); });
  }
  bool goes(const std::string& name) {
    return comes_true([&] { return lacks(name); });
  }
  // Returns when everything done to files so far has been seen.
  void catch_up() {
    auto mark = std::format("mark{}", ++marks_);
    describe(dir / ("first/" + mark + ".conf"), mark);
    REQUIRE(comes(mark, mark));
    std::erase(reported, mark);
  }

private:
  void changed(const std::vector<ClassChange>& changes) {
    ++calls;
    CHECK(std::ranges::is_sorted(changes, {}, &ClassChange::name));
    for (const auto& change : changes) {
      reported.push_back(change.name);
      if (change.job_class) classes[change.name] = change.job_class->description;
      else classes.erase(change.name);
    }
  }

  EventLoop loop_;
  int marks_ = 0;
  Configuration configuration_{loop_,
                               {dir / "first", dir / "second/", dir / "event.d"},
                               [this](const auto& changes) { changed(changes); },
                               [this](auto, const auto& diagnostic) { diagnostics.push_back(diagnostic); }};
};

} // namespace upstart::supervisor::testing
