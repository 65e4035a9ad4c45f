#include "daemons/event-broker/memory/change.hpp"

#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace upstart::broker {

namespace {

class Writer {
public:
  explicit Writer(std::string& bytes) : bytes_{bytes} {}

  void put(std::uint64_t number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void put(bool value) { bytes_ += value ? '\1' : '\0'; }
  void put(const std::string& text) {
    put(std::uint64_t{text.size()});
    bytes_ += text;
  }
  void put(const std::vector<std::string>& list) {
    put(std::uint64_t{list.size()});
    for (const auto& entry : list) put(entry);
  }
  void put(const Event& event) {
    put(event.id);
    put(event.name);
    put(event.env);
    put(std::uint64_t{event.emitter.uid});
    put(static_cast<std::uint64_t>(event.emitter.pid));
    put(event.time);
    put(std::uint64_t{event.files});
  }

  void put(const IdsReserved& change) { put(change.up_to); }
  void put(const HandlerAttached& change) {
    put(change.handler);
    put(change.wants);
  }
  void put(const HandlerSubscribed& change) {
    put(change.handler);
    put(change.add);
    put(change.remove);
  }
  void put(const HandlerForgotten& change) { put(change.handler); }
  void put(const EventAccepted& change) {
    put(*change.event);
    put(change.handlers);
  }
  void put(const HandlerFinished& change) {
    put(change.id);
    put(change.handler);
    put(change.failed);
    put(change.done);
  }
  void put(const EventEnded& change) {
    put(change.id);
    put(change.failed);
    put(change.follow_up.has_value());
    if (change.follow_up) put(*change.follow_up);
  }
  void put(const FailuresForgotten& change) { put(change.up_to); }

private:
  std::string& bytes_;
};

class TooShort : public std::runtime_error {
public:
  TooShort() : runtime_error("a record ends too early") {}
};

class Reader {
public:
  explicit Reader(std::string_view bytes) : bytes_{bytes} {}
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) throw TooShort{};
    auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  bool truth() { return take(1).front() != '\0'; }
  std::string text() { return std::string{take(number())}; }
  std::vector<std::string> list() {
    std::vector<std::string> result;
    for (auto left = number(); left > 0; --left) result.push_back(text());
    return result;
  }
  EventPointer event() {
    Event event;
    event.id = number();
    event.name = text();
    event.env = list();
    event.emitter.uid = static_cast<uid_t>(number());
    event.emitter.pid = static_cast<pid_t>(number());
    event.time = number();
    event.files = static_cast<unsigned>(number());
    return std::make_shared<const Event>(std::move(event));
  }

  void get(IdsReserved& change) { change.up_to = number(); }
  void get(HandlerAttached& change) {
    change.handler = text();
    change.wants = list();
  }
  void get(HandlerSubscribed& change) {
    change.handler = text();
    change.add = list();
    change.remove = list();
  }
  void get(HandlerForgotten& change) { change.handler = text(); }
  void get(EventAccepted& change) {
    change.event = event();
    change.handlers = list();
  }
  void get(HandlerFinished& change) {
    change.id = number();
    change.handler = text();
    change.failed = truth();
    change.done = list();
  }
  void get(EventEnded& change) {
    change.id = number();
    change.failed = truth();
    if (truth()) get(change.follow_up.emplace());
  }
  void get(FailuresForgotten& change) { change.up_to = number(); }

private:
  std::string_view bytes_;
};

template <typename Kind> Change read_change(Reader& reader) {
  Kind change;
  reader.get(change);
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
  std::visit([&](const auto& kind) { Writer{bytes}.put(kind); }, change);
  return bytes;
}

std::expected<Change, std::string> decode(std::string_view bytes) try {
  Reader reader{bytes};
  auto kind = static_cast<unsigned char>(reader.take(1).front());
  if (kind >= readers.size()) return std::unexpected("a record of unknown kind " + std::to_string(kind));
  auto change = readers[kind](reader);
  if (!reader.at_end()) return std::unexpected("a record goes on after its end");
  return change;
} catch (const TooShort& fault) { return std::unexpected(fault.what()); }

} // namespace upstart::broker
