// The real daemon over its socket: little stories.
#include "daemons/event-broker/test/daemon.hpp"
#include "daemons/event-broker/test/peer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <set>

using namespace upstart::broker::test;
using upstart::base::EventLoop;
using upstart::base::FileDescriptor;

namespace {

using Actions = std::vector<sdbus::Struct<std::string, std::string, std::string>>;

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  return {FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

// Two descriptors are the same open file if what goes in at one comes out at the other.
void check_connected(int write_end, int read_end) {
  char byte = 0;
  CHECK(::write(write_end, "x", 1) == 1);
  CHECK(::read(read_end, &byte, 1) == 1);
  CHECK(byte == 'x');
}

} // namespace

TEST_CASE("an event that nobody wants: the reply, then at once its signals") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer peer{loop, daemon.address()};
  peer->Emit("a", {"K=V"}, {});
  peer.await("finished 1 a ok");
  CHECK(peer.lines == Lines{"reply 1", "emitted 1 a", "finished 1 a ok"});
}

TEST_CASE("a handler is given what it wants and the emitter's waiting is answered when it has finished") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer emitter{loop, daemon.address()};
  Peer handler{loop, daemon.address()};
  handler.attach("h", {"ab?"});
  auto id = emitter.emit("abc", {"K=V", "L="});
  emitter->WaitFor(id);
  handler.await("handle 1 abc K=V L=");
  CHECK(emitter->ListPending().size() == 1);
  CHECK(emitter->pending() == 1);
  handler->Finished(id, true, {{"start", "job", "1"}});
  emitter.await("outcome failed");
  emitter.await("finished 2 abc/failed ok");
  CHECK(emitter.heard() == Lines{"reply 1", "emitted 1 abc", "finished 1 abc failed", "outcome failed",
                                 "emitted 2 abc/failed", "finished 2 abc/failed ok"});
  auto history = emitter->History(0);
  REQUIRE(history.size() == 2);
  CHECK(history[0]["done"].get<Actions>() == Actions{{"start", "job", "1"}});
  CHECK(history[0]["outcome"].get<std::string>() == "failed");
  CHECK(history[0]["pid"].get<std::uint32_t>() == static_cast<std::uint32_t>(::getpid()));
  CHECK(emitter->pending() == 0);
}

TEST_CASE("an event that a handler passes on is that of the one who emitted it") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer handler{loop, daemon.address()};
  handler.attach("h", {"a"});
  handler->EmitFor("a", {}, {}, 1234, 77, "");
  handler.await("handle 1 a");
  auto history = handler->History(0);
  REQUIRE(history.size() == 1);
  CHECK(history[0]["uid"].get<std::uint32_t>() == 1234);
  CHECK(history[0]["pid"].get<std::uint32_t>() == 77);
}

TEST_CASE("a handler that hung up is given again what it had not finished, and then what came meanwhile") {
  EventLoop loop;
  Daemon daemon;
  daemon.start({"--verbose"});
  Peer emitter{loop, daemon.address()};
  auto handler = std::make_unique<Peer>(loop, daemon.address());
  handler->attach("h", {"a"});
  emitter.emit("a");
  emitter.emit("a");
  handler->await("handle 2 a");
  (*handler)->Finished(1, false, {});
  emitter.await("finished 1 a ok");
  handler.reset();
  while (!daemon.standard_error().contains("h has gone")) static_cast<void>(emitter->pending());
  emitter.emit("a", {"later=1"});
  Peer successor{loop, daemon.address()};
  successor.attach("h", {"a"});
  successor.await("handle 3 a later=1");
  CHECK(successor.heard() == Lines{"attached", "handle 2 a again", "handle 3 a later=1"});
}

TEST_CASE(
    "killed at any moment, the broker goes on where it was: the handler is given again, the emitter gets its answer") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  std::uint64_t failed = 0;
  std::uint64_t pending = 0;
  {
    Peer emitter{loop, daemon.address()};
    Peer handler{loop, daemon.address()};
    handler.attach("h", {"a"});
    failed = emitter.emit("a");
    pending = emitter.emit("a", {"K=V"});
    handler.await("handle 2 a K=V");
    handler->Finished(failed, true, {});
    emitter.await("finished 1 a failed");
    daemon.kill();
  }
  daemon.start();
  Peer emitter{loop, daemon.address()};
  emitter->WaitFor(failed);
  emitter.await("outcome failed");
  emitter.heard();
  emitter->WaitFor(pending);
  Peer handler{loop, daemon.address()};
  handler.attach("h", {"a"});
  handler.await("handle 2 a K=V again");
  handler->Finished(pending, false, {});
  emitter.await("outcome ok");
  CHECK(emitter.emit("b") > pending + 1);
}

TEST_CASE("killed again and again while events flow, nothing that was accepted is lost and no id comes twice") {
  EventLoop loop;
  Daemon daemon;
  std::set<std::uint64_t> accepted;
  std::set<std::uint64_t> handled;
  for (int round = 0; round < 8; ++round) {
    daemon.start();
    Peer emitter{loop, daemon.address()};
    Peer handler{loop, daemon.address()};
    handler.attach("h", {"a"});
    for (int i = 0; i < 200; ++i) emitter->Emit("a", {"N=" + std::to_string(i)}, {});
    auto enough = static_cast<std::size_t>(20 + round * 10);
    await(loop, [&] {
      for (const auto& line : handler.heard()) {
        if (!line.starts_with("handle ")) continue;
        auto id = std::stoull(line.substr(7));
        handled.insert(id);
        if (id % 2 == 0) handler->Finished(id, false, {});
      }
      return emitter.lines.size() > enough;
    });
    daemon.kill();
    for (int i = 0; i < 100; ++i) loop.run_once(false); // what had reached us before
    for (const auto& line : emitter.lines)
      if (line.starts_with("reply ")) CHECK(accepted.insert(std::stoull(line.substr(6))).second);
  }
  daemon.start();
  Peer handler{loop, daemon.address()};
  auto owed = handler->ListPending().size();
  handler.attach("h", {"a"});
  await(loop, [&] { return handler.lines.size() > owed; });
  for (const auto& line : handler.lines)
    if (line.starts_with("handle ")) handled.insert(std::stoull(line.substr(7)));
  CHECK(accepted.size() > 0);
  CHECK(std::ranges::includes(handled, accepted));
}

TEST_CASE("descriptors go with their event, also over the broker's death, and are closed when it is finished") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  auto first = make_pipe();
  auto second = make_pipe();
  std::uint64_t id = 0;
  {
    Peer handler{loop, daemon.address()};
    handler.attach("h", {"a"});
    id = handler.emit("a", {}, {sdbus::UnixFd{first.write_end.get()}, sdbus::UnixFd{second.write_end.get()}});
    handler.await("handle 1 a");
    REQUIRE(handler.files.size() == 2);
    check_connected(handler.files[1].get(), second.read_end.get());
    daemon.listen_to_daemon(false);
    CHECK(daemon.kept().size() == 2);
    daemon.kill();
  }
  daemon.start();
  Peer handler{loop, daemon.address()};
  handler.attach("h", {"a"});
  handler.await("handle 1 a again");
  REQUIRE(handler.files.size() == 2);
  check_connected(handler.files[0].get(), first.read_end.get());
  check_connected(handler.files[1].get(), second.read_end.get());
  handler->Finished(id, false, {});
  handler.await("finished 1 a ok");
  daemon.listen_to_daemon(false);
  CHECK(daemon.kept().empty());
  handler.files.clear();
  first.write_end.reset();
  char byte = 0;
  CHECK(::read(first.read_end.get(), &byte, 1) == 0); // nobody holds the other end any more
}

TEST_CASE("a handler that does not read delays nobody else, and misses nothing") {
  EventLoop loop;
  EventLoop other_loop;
  Daemon daemon;
  daemon.start();
  Peer slow{other_loop, daemon.address()};
  slow.attach("slow", {"a"});
  Peer quick{loop, daemon.address()};
  quick.attach("quick", {"a"});
  std::string much = "K=" + std::string(2000, 'x');
  constexpr int count = 3000;
  for (int i = 0; i < count; ++i) quick->Emit("a", {much}, {});
  auto handled = [](Peer& peer) {
    return std::ranges::count_if(peer.lines, [](const auto& line) { return line.starts_with("handle "); });
  };
  await(loop, [&] { return handled(quick) == count; });
  await(other_loop, [&] { return handled(slow) == count; });
  std::uint64_t expected = 1;
  for (const auto& line : slow.lines)
    if (line.starts_with("handle ")) CHECK(std::stoull(line.substr(7)) == expected++);
}

TEST_CASE("an emitter that waits and hangs up is forgotten") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer handler{loop, daemon.address()};
  handler.attach("h", {"a"});
  {
    Peer emitter{loop, daemon.address()};
    emitter->WaitFor(emitter.emit("a"));
    static_cast<void>(emitter->pending());
  }
  handler->Finished(1, false, {});
  handler.await("finished 1 a ok");
  CHECK(daemon.standard_error().empty());
  CHECK(handler->pending() == 0);
}

TEST_CASE("a handler is told when the others' interest changes, once for many changes, and not of its own") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer one{loop, daemon.address()};
  Peer two{loop, daemon.address()};
  one.attach("one", {"a"});
  two.attach("two", {"b"});
  one.await("others b");
  one.heard();
  two.heard();
  two->Subscribe({"c", "d*"}, {"b"});
  one.await("others c d*");
  CHECK(one.heard() == Lines{"others c d*"});
  CHECK(two.heard() == Lines{"subscribed"});
}

TEST_CASE("a recorded event is ordered, remembered, and signalled to all but the recorder") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer recorder{loop, daemon.address()};
  Peer other{loop, daemon.address()};
  recorder->Record("r", {"K=V"}, 12, 34);
  recorder->Record("", {}, 0, 0);
  recorder->Record("r", {"noequals"}, 0, 0);
  CHECK(recorder.emit("a") == 2);
  recorder.await("finished 2 a ok");
  other.await("finished 2 a ok");
  CHECK(other.lines == Lines{"emitted 1 r", "finished 1 r ok", "emitted 2 a", "finished 2 a ok"});
  CHECK(recorder.lines == Lines{"reply 2", "emitted 2 a", "finished 2 a ok"});
  auto history = recorder->History(0);
  REQUIRE(history.size() == 2);
  CHECK(history[0]["uid"].get<std::uint32_t>() == 12);
  CHECK(history[0]["outcome"].get<std::string>() == "ok");
}

TEST_CASE("several events are recorded with one message, in its order, and one that makes no sense costs only itself") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer recorder{loop, daemon.address()};
  Peer other{loop, daemon.address()};
  using Strings = std::vector<std::string>;
  recorder->RecordAll({{"a", Strings{"K=V"}, 12, 34}, {"", Strings{}, 0, 0}, {"b", Strings{}, 0, 0}});
  other.await("finished 2 b ok");
  CHECK(other.lines == Lines{"emitted 1 a", "finished 1 a ok", "emitted 2 b", "finished 2 b ok"});
}

TEST_CASE("what makes no sense is refused by name and everything goes on") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer peer{loop, daemon.address()};
  peer->Emit("", {}, {});
  peer->Emit("a", {"novalue"}, {});
  peer->WaitFor(77);
  peer->Subscribe({"a"}, {});
  peer->Attach("", {"a"});
  peer->Attach("h", {""});
  peer->Finished(5, false, {});
  peer->Attach("h", {"a"});
  peer->Attach("other", {"a"});
  peer->JoinBus("");
  peer->JoinBus("nonsense");
  peer.await("joining");
  CHECK(peer.heard() ==
        Lines{"error InvalidArgs: Name may not be empty string", "error InvalidArgs: Env must be KEY=VALUE pairs",
              "error InvalidArgs: There is no event 77", "error InvalidArgs: You are not attached as a handler",
              "error InvalidArgs: Name may not be empty string", "error InvalidArgs: Name may not be empty string",
              "attached", "error InvalidArgs: You are attached as h already",
              "error InvalidArgs: Address may not be empty string", "joining"});
  CHECK(peer.emit("a") == 1);
}

TEST_CASE("an event that cannot be written down is refused with the reason; what nobody wants is still taken") {
  EventLoop loop;
  Daemon daemon;
  daemon.file_limit = 1000;
  daemon.start();
  Peer peer{loop, daemon.address()};
  peer.attach("h", {"a"});
  peer.emit("a");
  peer->Emit("a", {"K=" + std::string(2000, 'x')}, {});
  peer.await("error Failed: The event could not be written down: unable to write " + daemon.directory() +
             "/events.journal: File too large");
  peer->Emit("b", {"K=" + std::string(2000, 'x')}, {});
  peer.await("finished 2 b ok");
  peer->Finished(1, false, {});
  peer.await("finished 1 a ok");
  CHECK(daemon.standard_error().contains(
      "File too large; new events that a handler wants are refused until it can be written"));
}

TEST_CASE("told to end, the broker ends with status 0 and its events wait for the next one") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  {
    Peer peer{loop, daemon.address()};
    peer.attach("h", {"a"});
    peer.emit("a");
    CHECK(daemon.terminate() == 0);
  }
  daemon.start();
  Peer peer{loop, daemon.address()};
  CHECK(peer->pending() == 1);
  CHECK(daemon.standard_error().empty());
}

TEST_CASE("an event whose answer was lost with the broker is sent again under its token and is the same event") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  std::uint64_t pending = 0;
  {
    Peer handler{loop, daemon.address()};
    handler.attach("h", {"a"});
    CHECK(handler.emit_once("a", {"N=1"}, "ended") == 1);
    pending = handler.emit_once("a", {"N=2"}, "pending");
    handler->Finished(1, true, {});
    handler.await("finished 1 a failed");
    daemon.kill();
  }
  daemon.start();
  Peer handler{loop, daemon.address()};
  CHECK(handler.emit_once("a", {"N=1"}, "ended") == 1);
  handler->WaitFor(1);
  handler.await("outcome failed");
  CHECK(handler.emit_once("a", {"N=2"}, "pending") == pending);
  handler.attach("h", {"a"});
  handler.await("handle " + std::to_string(handler.emit_once("a", {"N=3"}, "new")) + " a N=3");
  auto handled = handler.heard();
  CHECK(std::ranges::count_if(handled, [](const auto& line) { return line.starts_with("handle "); }) == 2);
  CHECK(std::ranges::contains(handled, "handle " + std::to_string(pending) + " a N=2 again"));
}

TEST_CASE("a handler learns when it attaches which events it owes") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  {
    Peer handler{loop, daemon.address()};
    handler.attach("h", {"a"}, "ticket");
    CHECK(handler.unfinished.empty());
    for (int i = 0; i < 3; ++i) handler.emit("a");
    handler->Finished(2, false, {});
    handler.await("finished 2 a ok");
    daemon.kill();
  }
  daemon.start();
  Peer handler{loop, daemon.address()};
  handler.attach("h", {"a"}, "ticket");
  CHECK(handler.unfinished == std::vector<std::uint64_t>{1, 3});
}

TEST_CASE("a handler that holds a ticket is displaced only by whoever shows it, and is told; without one, by anybody") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer first{loop, daemon.address()};
  Peer second{loop, daemon.address()};
  first.attach("h", {"a"}, "ticket");
  second->Attach("h", {"a"});
  second->AttachWithTicket("h", {"a"}, "another");
  auto refusal = "error Failed: h is attached already, as process " + std::to_string(::getpid()) +
                 ", which does not give up its place";
  await(loop, [&] { return std::ranges::count(second.lines, refusal) == 2; });
  auto id = second.emit("a");
  first.await("handle 1 a");
  second.attach("h", {"a"}, "ticket");
  first.await("displaced h");
  second.await("handle 1 a again");
  first->Finished(id, true, {});
  second->Finished(id, false, {});
  second.await("finished 1 a ok");
  first.attach("other", {"b"});
  second.attach("h", {"a"}, ""); // as itself, with nothing to hold its place by
  first->Attach("h", {"a"});
  first.await("error InvalidArgs: You are attached as other already");
  Peer third{loop, daemon.address()};
  third.attach("h", {"a"});
  second.await("displaced h");
}

TEST_CASE("who came while the handler was away gives way to it when it is back") {
  EventLoop loop;
  Daemon daemon;
  daemon.start({"--verbose"});
  auto handler = std::make_unique<Peer>(loop, daemon.address());
  handler->attach("h", {"a"}, "ticket");
  handler.reset();
  Peer other{loop, daemon.address()};
  while (!daemon.standard_error().contains("h has gone")) static_cast<void>(other->pending());
  other.attach("h", {"a"}, "another");
  other.emit("a");
  other.await("handle 1 a");
  Peer back{loop, daemon.address()};
  back.attach("h", {"a"}, "ticket");
  back.await("handle 1 a again");
  other.await("displaced h");
}

TEST_CASE("who has not asked hears of no event, and who has asked of those that it named") {
  EventLoop loop;
  Daemon daemon;
  daemon.start();
  Peer peer{loop, daemon.address()};
  Peer other{loop, daemon.address()};
  other->Listen({"a"}, {"b*", "c"});
  peer->Record("a", {}, 0, 0);
  for (const auto* name : {"a", "b1", "c", "d"}) peer.emit(name);
  other.await("finished 4 c ok");
  CHECK(other.heard() == Lines{"emitted 1 a", "emitted 2 a", "finished 3 b1 ok", "finished 4 c ok"});
  other->Listen({}, {});
  CHECK(other.emit("a") == 6);
  CHECK(other.heard() == Lines{"reply 6"});
  other->Listen({""}, {});
  other.await("error InvalidArgs: Name may not be empty string");
}

TEST_CASE("a peer that never reads is hung up on before it costs without end, and everybody else goes on") {
  EventLoop loop;
  EventLoop never_run;
  Daemon daemon;
  daemon.start();
  Peer deaf{never_run, daemon.address()};
  Peer recorder{loop, daemon.address()};
  static_cast<void>(deaf->pending());
  for (int i = 0; i < 200'000 && !daemon.standard_error().contains("does not read"); i += 1000) {
    for (int k = 0; k < 1000; ++k) recorder->Record("r", {}, 0, 0);
    static_cast<void>(recorder->pending());
  }
  CHECK(daemon.standard_error().contains("a connection is closed: its other end does not read"));
  CHECK(recorder.emit("a") > 0);
}
