// What travels between nodes, as JSON: events, the state of a node, the state of a job, calls and replies. Each kind is
// a plain value with a text and a reader; a reader takes any bytes, and says in words why they are no such message.
// Members that a reader does not know are ignored, so that nodes of different versions understand each other. Pure.
//
// JSON is UTF-8; names and environments are bytes, and travel escaped (protocol/text.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::mqtt_bridge {

// Limits of what is read: a message beyond them is refused.
inline constexpr std::size_t most_event_bytes = 128U << 10U;
inline constexpr std::size_t most_variables = 1000;
inline constexpr std::size_t most_state_bytes = 64U << 10U;
inline constexpr std::size_t most_call_bytes = 64U << 10U;
inline constexpr std::size_t most_reply_bytes = 1U << 20U;

template <typename T> using Read = std::expected<T, std::string>;

struct EventMessage {
  std::string id;               // unique in the fleet: a random text of the node, "/" and a number that only grows
  std::string name;             //
  std::vector<std::string> env; // KEY=VALUE
  std::string node;             // where it came about
  std::int64_t time = 0;        // µs since 1970
  bool to_all = false;          // by `initctl emit --fleet`: also for the node that sends it
  friend bool operator==(const EventMessage&, const EventMessage&) = default;
};
[[nodiscard]] std::string to_json(const EventMessage& event);
[[nodiscard]] Read<EventMessage> event_from_json(std::string_view text);

struct NodeState {
  bool online = false;
  std::int64_t since = 0; // µs since 1970: of the connection to the broker
  std::string version;    // of the program
  std::string boot;       // id of this start of the machine
  std::vector<std::string> accept{}, allow{};
  std::uint64_t running = 0;         // instances of jobs
  std::vector<std::string> failed{}; // jobs, 20 of them at most
  friend bool operator==(const NodeState&, const NodeState&) = default;
};
[[nodiscard]] std::string to_json(const NodeState& state);
[[nodiscard]] Read<NodeState> node_state_from_json(std::string_view text);

struct JobMessage {
  std::string goal, state; // as initctl shows them
  std::int64_t since = 0;  // µs since 1970
  std::string failure;     // the last one, in words; empty: none is known
  friend bool operator==(const JobMessage&, const JobMessage&) = default;
};
[[nodiscard]] std::string to_json(const JobMessage& job);

struct CallMessage {
  std::vector<std::string> words; // of the command line, the command first
  std::string node;               // that asks
  unsigned limit = 30;            // seconds that it waits
  friend bool operator==(const CallMessage&, const CallMessage&) = default;
};
[[nodiscard]] std::string to_json(const CallMessage& call);
[[nodiscard]] Read<CallMessage> call_from_json(std::string_view text);

struct ReplyMessage {
  int status = 0; // of the command, 0 to 255
  std::string output, errors;
  friend bool operator==(const ReplyMessage&, const ReplyMessage&) = default;
};
// Output that would make the message too long is cut off; `errors` then says so, and the status is not 0.
[[nodiscard]] std::string to_json(const ReplyMessage& reply);
[[nodiscard]] Read<ReplyMessage> reply_from_json(std::string_view text);

} // namespace upstart::mqtt_bridge
