#include "daemons/job-supervisor/memory/journal-memory.hpp"

#include "daemons/base/files/test/journal-fixture.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using upstart::base::test::FullDisk;
using namespace upstart::supervisor;
namespace base = upstart::base;

namespace {

struct Fixture {
  base::test::TemporaryDirectory directory;
  base::EventLoop loop;
  std::vector<std::string> said;

  JournalMemory::Opened open() {
    auto opened = JournalMemory::open(loop, directory.path(),
                                      [this](Severity, const std::string& text) { said.push_back(text); });
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error()));
    return std::move(*opened);
  }
  [[nodiscard]] std::string file() const { return directory.path() + "/supervisor.journal"; }
};

Memory::All all_of(const Records& records) {
  return [records](const Memory::Put& put) {
    for (const auto& [key, bytes] : records) put(key, bytes);
  };
}

} // namespace

TEST_CASE("the next supervisor finds what was written, and is the same to the broker") {
  Fixture world;
  std::string identity;
  {
    auto opened = world.open();
    CHECK(opened.records.empty());
    opened.memory->rewrite(all_of({}));
    identity = opened.memory->identity();
    opened.memory->put("job/1", "web");
    opened.memory->write(all_of({}));
  }
  auto opened = world.open();
  CHECK(opened.records == Records{{"job/1", "web"}});
  CHECK(opened.memory->identity() == identity);
  CHECK_FALSE(identity.empty());
  CHECK(world.said.empty());
}

TEST_CASE("what another boot of the machine left is set aside") {
  Fixture world;
  {
    auto found = base::RecordStore::open(world.file(), "upstart supervisor", record_form);
    REQUIRE(found);
    found->store.put("memory/boot", "another");
    found->store.put("job/1", "web");
    REQUIRE(found->store.write([](const auto&) {}));
  }
  auto opened = world.open();
  CHECK(opened.records.empty());
  CHECK(std::filesystem::exists(world.file() + ".other-boot"));
  CHECK(world.said == std::vector<std::string>{world.file() + " is of another boot of this machine: kept as " +
                                               world.file() + ".other-boot, and not used"});
}

TEST_CASE("what another version left in another form is set aside, and that is told") {
  Fixture world;
  {
    auto found = base::RecordStore::open(world.file(), "upstart supervisor", record_form + 1);
    REQUIRE(found);
    found->store.put("job/1", "web");
    REQUIRE(found->store.write([](const auto&) {}));
  }
  auto opened = world.open();
  CHECK(opened.records.empty());
  CHECK(world.said.size() == 1);
}

TEST_CASE("a full disk is told once, and all is written anew, and that told, when there is room") {
  Fixture world;
  {
    auto opened = world.open();
    opened.memory->rewrite(all_of({}));
    auto write = [&](const std::string& key) {
      opened.memory->put(key, std::string(100, 'x'));
      opened.memory->write(all_of({{"job/1", "web"}, {"job/2", "db"}}));
    };
    {
      FullDisk full{std::filesystem::file_size(world.file()) + 10};
      write("job/1");
      write("job/2");
      CHECK(world.said.size() == 1);
      CHECK(world.said.front().starts_with("unable to write " + world.file() + ": File too large; jobs are run"));
    }
    while (world.said.size() == 1) world.loop.run_once();
    CHECK(world.said.back() == world.file() + " could be written again: nothing is forgotten any more");
  }
  CHECK(world.open().records == Records{{"job/1", "web"}, {"job/2", "db"}});
}
