#include "clients/initctl/simulate/simulated-steps.hpp"

#include "clients/base/plain/visible-text.hpp"
#include "clients/initctl/history/broker.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>

namespace upstart::client {

namespace {

std::string text_of(const Json& step, const char* key) { return step.value(key, ""); }
std::string title_of(const Json& step) { return shown_name(text_of(step, "job"), text_of(step, "instance")); }

std::string event(const Json& step) {
  return "event " + shown_event(text_of(step, "name"), step.value("env", std::vector<std::string>{}));
}

std::string goal(const Json& step) {
  return std::format("{}: to be {}", title_of(step), text_of(step, "name") == "stop" ? "stopped" : "started");
}

std::string process(const Json& step) {
  return std::format("{}: {} process {}", title_of(step), text_of(step, "name"), text_of(step, "text"));
}

// Of the states only those in which a job stays are worth a line.
std::string state(const Json& step) {
  if (text_of(step, "name") == "running") return title_of(step) + ": running";
  return text_of(step, "name") == "waiting" ? title_of(step) + ": stopped" : "";
}

std::string finished(const Json& step) {
  return std::format("=> event {} is finished: whoever waits for it is answered", text_of(step, "name"));
}
std::string failed(const Json& step) {
  return std::format("=> event {} is finished, as failed", text_of(step, "name"));
}
std::string blocked(const Json& step) {
  return std::format("=> event {} is not finished: whoever waits for it goes on waiting", text_of(step, "name"));
}

std::string holding(const Json& step) {
  std::string missing;
  for (const auto& event : step.value("missing", std::vector<std::string>{}))
    missing += (missing.empty() ? "; it has not seen: " : ", ") + event;
  return std::format("=> {} waits for more: its `{}' is half true and holds the event {}{}", title_of(step),
                     text_of(step, "name"), text_of(step, "text"), missing);
}

std::string endless(const Json&) { return "=> this goes on and on: jobs start each other; the rest is left out"; }

std::string unawaited(const Json& step) {
  return std::format("=> no job waits for the event {}: {}", text_of(step, "name"), text_of(step, "text"));
}

struct Words {
  std::string_view kind;
  std::string (*say)(const Json&);
};

constexpr Words words[]{{"event", event},       {"goal", goal},          {"process", process}, {"state", state},
                        {"finished", finished}, {"failed", failed},      {"blocked", blocked}, {"holding", holding},
                        {"endless", endless},   {"unawaited", unawaited}};

} // namespace

std::string simulation_in_words(const Json& steps) {
  std::string text;
  for (const auto& step : steps) {
    auto found = std::ranges::find(words, step.value("kind", ""), &Words::kind);
    auto line = found == std::end(words) ? "" : found->say(step);
    if (!line.empty()) text += visible(line) + "\n";
  }
  return text;
}

} // namespace upstart::client
