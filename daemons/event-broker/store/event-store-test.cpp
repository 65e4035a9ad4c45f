#include "daemons/event-broker/store/event-store.hpp"

#include "daemons/base/files/test/journal-fixture.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using upstart::base::test::FullDisk;
using namespace upstart::broker;

namespace {

using Lines = std::vector<std::string>;

struct Directory : upstart::base::test::TemporaryDirectory {
  [[nodiscard]] std::string file() const { return path() + "/events.journal"; }
};

upstart::base::Journal::Found opened(const std::string& path) {
  auto found = upstart::base::Journal::open(path, "upstart events 2\n");
  REQUIRE_MESSAGE(found, (found ? "" : found.error()));
  return std::move(*found);
}

void write(const std::string& path, const Lines& records) {
  auto found = opened(path);
  for (const auto& record : records) found.journal.add(record);
  REQUIRE(found.journal.write());
}

Change accepted(EventId id) {
  return EventAccepted{
      std::make_shared<const Event>(Event{.id = id, .name = "a", .env = {}, .emitter = {}, .time = 0, .files = 0}),
      {"h"}};
}

const EventStore::Snapshot nothing = [] { return std::vector<Change>{}; };

} // namespace

TEST_CASE("an event that cannot be written down is refused, and what was noted before is not lost by that") {
  Directory directory;
  {
    auto recovered = EventStore::open(directory.path());
    REQUIRE(recovered);
    recovered->store.note(HandlerAttached{"h", {"a"}});
    REQUIRE(recovered->store.write_ahead(accepted(1), nothing));
    FullDisk full{std::filesystem::file_size(directory.file()) + 70};
    recovered->store.note(EventEnded{1, true, std::nullopt}); // fits
    CHECK_FALSE(recovered->store.write_ahead(accepted(2), nothing));
    CHECK_FALSE(recovered->store.behind());
  }
  auto recovered = EventStore::open(directory.path());
  REQUIRE(recovered);
  REQUIRE(recovered->changes.size() == 3);
  CHECK(std::get<EventEnded>(recovered->changes.back()).failed);
}

TEST_CASE("what could not be written and cannot be refused is made good by writing the whole state anew") {
  Directory directory;
  bool asked = false;
  EventStore::Snapshot state = [&] {
    asked = true;
    return std::vector<Change>{IdsReserved{42}};
  };
  {
    auto recovered = EventStore::open(directory.path());
    REQUIRE(recovered);
    {
      FullDisk full{20};
      recovered->store.note(EventEnded{1, true, std::nullopt});
      CHECK_FALSE(recovered->store.write(state));
      CHECK(recovered->store.behind());
      CHECK_FALSE(recovered->store.write_ahead(accepted(2), state));
    }
    asked = false;
    REQUIRE(recovered->store.write_ahead(accepted(2), state));
    CHECK(asked);
    CHECK_FALSE(recovered->store.behind());
  }
  auto recovered = EventStore::open(directory.path());
  REQUIRE(recovered->changes.size() == 2);
  CHECK(std::get<IdsReserved>(recovered->changes.front()).up_to == 42);
}

TEST_CASE("a record that is whole but no change is left out and told of") {
  Directory directory;
  write(directory.file(), {encode(IdsReserved{1}), "\x7f", encode(FailuresForgotten{2})});
  auto recovered = EventStore::open(directory.path());
  REQUIRE(recovered);
  CHECK(recovered->changes.size() == 2);
  CHECK(recovered->faults == Lines{directory.file() + ": a record of unknown kind 127; it is left out"});
}

TEST_CASE("without a file everything is accepted, nothing is behind, and it is said that nothing is written down") {
  auto recovered = EventStore::without_file();
  recovered.store.note(HandlerAttached{"h", {"a"}});
  CHECK(recovered.store.write_ahead(accepted(1), nothing));
  CHECK(recovered.store.write(nothing));
  CHECK_FALSE(recovered.store.has_unwritten());
  CHECK_FALSE(recovered.store.behind());
  REQUIRE(recovered.faults.size() == 1);
  CHECK(recovered.faults.front().starts_with("nothing is written down"));
}
