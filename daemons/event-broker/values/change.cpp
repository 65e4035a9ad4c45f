#include "daemons/event-broker/values/change.hpp"

#include "daemons/base/bytes.hpp"

#include <array>
#include <utility>

namespace upstart::broker {

using base::ByteReader;
using base::ByteWriter;

namespace {

void write(ByteWriter& to, const Event& event) {
  to.number(event.id);
  to.text(event.name);
  to.texts(event.env);
  to.number(event.emitter.uid);
  to.number(event.emitter.pid);
  to.number(event.time);
  to.number(event.files);
  to.text(event.token);
}
void write(ByteWriter& to, const protocol::JobAction& action) {
  to.text(action.operation);
  to.text(action.job);
  to.text(action.instance);
}
void write(ByteWriter& to, const IdsReserved& change) { to.number(change.up_to); }
void write(ByteWriter& to, const HandlerAttached& change) {
  to.text(change.handler);
  to.texts(change.wants);
}
void write(ByteWriter& to, const HandlerSubscribed& change) {
  to.text(change.handler);
  to.texts(change.add);
  to.texts(change.remove);
}
void write(ByteWriter& to, const HandlerForgotten& change) { to.text(change.handler); }
void write(ByteWriter& to, const EventAccepted& change) {
  write(to, *change.event);
  to.texts(change.handlers);
}
void write(ByteWriter& to, const HandlerFinished& change) {
  to.number(change.id);
  to.text(change.handler);
  to.truth(change.failed);
  to.list(change.done, [&](const protocol::JobAction& action) { write(to, action); });
}
void write(ByteWriter& to, const EventEnded& change) {
  to.number(change.id);
  to.truth(change.failed);
  to.optional(change.follow_up, [&](const EventAccepted& accepted) { write(to, accepted); });
}
void write(ByteWriter& to, const FailuresForgotten& change) { to.number(change.up_to); }
void write(ByteWriter& to, const TokenRemembered& change) {
  to.text(change.token);
  to.number(change.id);
}

EventPointer read_event(ByteReader& from) {
  Event event;
  event.id = from.number();
  event.name = from.text();
  event.env = from.texts();
  event.emitter.uid = from.number<uid_t>();
  event.emitter.pid = from.number<pid_t>();
  event.time = from.number();
  event.files = from.number<unsigned>();
  event.token = from.text();
  return std::make_shared<const Event>(std::move(event));
}

protocol::JobAction read_action(ByteReader& from) {
  protocol::JobAction action;
  action.operation = from.text();
  action.job = from.text();
  action.instance = from.text();
  return action;
}

void read(ByteReader& from, IdsReserved& change) { change.up_to = from.number(); }
void read(ByteReader& from, HandlerAttached& change) {
  change.handler = from.text();
  change.wants = from.texts();
}
void read(ByteReader& from, HandlerSubscribed& change) {
  change.handler = from.text();
  change.add = from.texts();
  change.remove = from.texts();
}
void read(ByteReader& from, HandlerForgotten& change) { change.handler = from.text(); }
void read(ByteReader& from, EventAccepted& change) {
  change.event = read_event(from);
  change.handlers = from.texts();
}
void read(ByteReader& from, HandlerFinished& change) {
  change.id = from.number();
  change.handler = from.text();
  change.failed = from.truth();
  change.done = from.list([&] { return read_action(from); });
}
void read(ByteReader& from, EventEnded& change) {
  change.id = from.number();
  change.failed = from.truth();
  change.follow_up = from.optional([&] {
    EventAccepted accepted;
    read(from, accepted);
    return accepted;
  });
}
void read(ByteReader& from, FailuresForgotten& change) { change.up_to = from.number(); }
void read(ByteReader& from, TokenRemembered& change) {
  change.token = from.text();
  change.id = from.number();
}

template <typename Kind> Change read_change(ByteReader& from) {
  Kind change;
  read(from, change);
  return change;
}

// One reader for each kind, in the order of the variant: a record's first byte is its place here.
template <std::size_t... kind> constexpr auto readers_of(std::index_sequence<kind...>) {
  return std::array{&read_change<std::variant_alternative_t<kind, Change>>...};
}
constexpr auto readers = readers_of(std::make_index_sequence<std::variant_size_v<Change>>{});

} // namespace

std::string encode(const Change& change) {
  std::string bytes(1, static_cast<char>(change.index()));
  ByteWriter to{bytes};
  std::visit([&](const auto& kind) { write(to, kind); }, change);
  return bytes;
}

std::expected<Change, std::string> decode(std::string_view bytes) {
  ByteReader from{bytes};
  auto kind = from.byte();
  if (kind >= readers.size()) return std::unexpected("a record of unknown kind " + std::to_string(kind));
  auto change = readers[kind](from);
  if (auto outcome = from.outcome(); !outcome) return std::unexpected(outcome.error());
  return change;
}

} // namespace upstart::broker
