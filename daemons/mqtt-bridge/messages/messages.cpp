#include "daemons/mqtt-bridge/messages/messages.hpp"

#include "protocol/environment.hpp"
#include "protocol/text.hpp"

#include <nlohmann/json.hpp>

#include <format>

namespace upstart::mqtt_bridge {

namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

struct Malformed {
  std::string why;
};

const Json* member(const Json& object, const char* name) {
  auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text_of(const Json& value, const char* name) {
  if (!value.is_string()) throw Malformed{std::format("its member `{}' is no text", name)};
  return protocol::unescaped(value.get_ref<const std::string&>());
}

std::string text_in(const Json& object, const char* name) {
  const auto* value = member(object, name);
  if (value == nullptr) throw Malformed{std::format("it has no member `{}'", name)};
  return text_of(*value, name);
}

std::string text_if_in(const Json& object, const char* name) {
  const auto* value = member(object, name);
  return value == nullptr ? "" : text_of(*value, name);
}

template <typename Number> Number number_if_in(const Json& object, const char* name) {
  const auto* value = member(object, name);
  if (value == nullptr) return 0;
  if (!value->is_number_integer()) throw Malformed{std::format("its member `{}' is no whole number", name)};
  return value->get<Number>();
}

bool truth_if_in(const Json& object, const char* name) {
  const auto* value = member(object, name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) throw Malformed{std::format("its member `{}' is neither true nor false", name)};
  return value->get<bool>();
}

Strings texts_if_in(const Json& object, const char* name) {
  const auto* value = member(object, name);
  if (value == nullptr) return {};
  if (!value->is_array()) throw Malformed{std::format("its member `{}' is no list", name)};
  if (value->size() > most_variables)
    throw Malformed{
        std::format("its member `{}' has {} entries, and {} are the most", name, value->size(), most_variables)};
  Strings texts;
  for (const auto& entry : *value) texts.push_back(text_of(entry, name));
  return texts;
}

// `read` throws Malformed. Deep nesting would exhaust the stack of a reader, so its depth is bounded.
template <typename T> Read<T> read_object(std::string_view text, std::size_t most, T (*read)(const Json&)) try {
  constexpr int deepest = 4;
  if (text.size() > most)
    return std::unexpected(std::format("it has {} bytes, and {} are the most", text.size(), most));
  bool too_deep = false;
  auto bound_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > deepest;
    return depth <= deepest;
  };
  auto document = Json::parse(text, bound_depth, false);
  if (too_deep || document.is_discarded() || !document.is_object()) return std::unexpected("it is not a JSON object");
  return read(document);
} catch (const Malformed& malformed) { return std::unexpected(malformed.why); }

Json escaped_list(const Strings& texts) {
  Json list = Json::array();
  for (const auto& text : texts) list.push_back(protocol::escaped(text));
  return list;
}

EventMessage read_event(const Json& object) {
  constexpr std::size_t longest_name = 1000, longest_id = 200;
  EventMessage event{.id = text_in(object, "id"),
                     .name = text_in(object, "name"),
                     .env = texts_if_in(object, "env"),
                     .node = text_in(object, "node"),
                     .time = number_if_in<std::int64_t>(object, "time"),
                     .to_all = truth_if_in(object, "all")};
  if (event.id.empty() || event.id.size() > longest_id) throw Malformed{"its id is empty or too long"};
  if (event.name.empty() || event.name.size() > longest_name || event.name.contains('\0'))
    throw Malformed{"its name is empty or too long"};
  if (auto fault = protocol::environment_fault(event.env)) throw Malformed{"its env is wrong: " + *fault};
  for (const auto& entry : event.env)
    if (entry.contains('\0')) throw Malformed{"its env has a NUL byte"};
  return event;
}

NodeState read_state(const Json& object) {
  return {.online = truth_if_in(object, "online"),
          .since = number_if_in<std::int64_t>(object, "since"),
          .version = text_if_in(object, "version"),
          .boot = text_if_in(object, "boot"),
          .accept = texts_if_in(object, "accept"),
          .allow = texts_if_in(object, "allow"),
          .running = number_if_in<std::uint64_t>(object, "running"),
          .failed = texts_if_in(object, "failed")};
}

CallMessage read_call(const Json& object) {
  constexpr unsigned longest = 24 * 60 * 60;
  CallMessage call{.words = texts_if_in(object, "words"),
                   .node = text_in(object, "node"),
                   .limit = number_if_in<unsigned>(object, "limit")};
  if (call.limit == 0 || call.limit > longest) throw Malformed{"its limit is missing or out of range"};
  if (call.words.empty()) throw Malformed{"it has no words"};
  for (const auto& word : call.words)
    if (word.contains('\0')) throw Malformed{"a word has a NUL byte"};
  return call;
}

ReplyMessage read_reply(const Json& object) {
  return {.status = number_if_in<int>(object, "status"),
          .output = text_if_in(object, "output"),
          .errors = text_if_in(object, "errors")};
}

} // namespace

std::string to_json(const EventMessage& event) {
  Json document{{"id", event.id},
                {"name", protocol::escaped(event.name)},
                {"env", escaped_list(event.env)},
                {"node", event.node},
                {"time", event.time}};
  if (event.to_all) document["all"] = true;
  return document.dump();
}

Read<EventMessage> event_from_json(std::string_view text) {
  return read_object<EventMessage>(text, most_event_bytes, read_event);
}

std::string to_json(const NodeState& state) {
  return Json{{"online", state.online},
              {"since", state.since},
              {"version", state.version},
              {"boot", state.boot},
              {"accept", escaped_list(state.accept)},
              {"allow", escaped_list(state.allow)},
              {"running", state.running},
              {"failed", escaped_list(state.failed)}}
      .dump();
}

Read<NodeState> node_state_from_json(std::string_view text) {
  return read_object<NodeState>(text, most_state_bytes, read_state);
}

std::string to_json(const JobMessage& job) {
  return Json{
      {"goal", job.goal}, {"state", job.state}, {"since", job.since}, {"failure", protocol::escaped(job.failure)}}
      .dump();
}

std::string to_json(const CallMessage& call) {
  return Json{{"words", escaped_list(call.words)}, {"node", call.node}, {"limit", call.limit}}.dump();
}

Read<CallMessage> call_from_json(std::string_view text) {
  return read_object<CallMessage>(text, most_call_bytes, read_call);
}

std::string to_json(const ReplyMessage& reply) {
  // In JSON a byte may take six characters.
  constexpr std::size_t most_text = most_reply_bytes / 16;
  auto bounded = [](const std::string& text) { return protocol::escaped(text.substr(0, most_text)); };
  auto status = reply.status;
  auto errors = bounded(reply.errors);
  if (reply.errors.size() > most_text) errors += "\n(more messages were left out)\n";
  if (reply.output.size() > most_text) {
    errors += std::format("the output is longer than {} bytes; the rest was left out\n", most_text);
    if (status == 0) status = 1;
  }
  return Json{{"status", status}, {"output", bounded(reply.output)}, {"errors", std::move(errors)}}.dump();
}

Read<ReplyMessage> reply_from_json(std::string_view text) {
  return read_object<ReplyMessage>(text, most_reply_bytes, read_reply);
}

} // namespace upstart::mqtt_bridge
