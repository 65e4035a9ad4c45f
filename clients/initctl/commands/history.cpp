// history: the events that the broker remembers.
#include "clients/initctl/history/broker.hpp"

#include "clients/initctl/command/command.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace upstart::client {

namespace {

constexpr std::uint32_t default_count = 50;

std::expected<std::uint32_t, Failure> count_asked_for(const Call& call) {
  auto text = call.options.value("--lines");
  if (!text) return default_count;
  std::uint32_t count = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (error != std::errc{} || end != text->data() + text->size())
    return std::unexpected{Failure{"not a number of events: " + *text, true}};
  return count;
}

Outcome history(Call& call) {
  auto events = count_asked_for(call).and_then(
      [&](std::uint32_t count) { return read_history(call.context, *call.upstart, count); });
  if (!events) return std::unexpected{events.error()};
  if (call.wants_json()) {
    Json document = Json::array();
    for (const auto& event : *events) document.push_back(to_json(event));
    call.print_json(document);
    return 0;
  }
  for (const auto& event : *events) call.print(to_text(event));
  return 0;
}

} // namespace

std::vector<Command> history_commands() {
  return {{.name = "history",
           .group = insight_group,
           .summary = "Show the last events and what they brought about.",
           .synopsis = "",
           .about = "For each event, oldest first: when it was emitted, its number, name and variables; then its "
                    "outcome, how long it was "
                    "blocked by jobs, who emitted it, and which jobs it started and stopped.",
           .missing = "",
           .options = {{"-n,--lines", "COUNT", "so many events, 0 for all that are remembered; 50 if not given"}},
           .run = history}};
}

} // namespace upstart::client
