#include "clients/initctl/explain/explanation.hpp"

#include "clients/base/plain/visible-text.hpp"
#include "daemons/base/command-line/wrap.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>
#include <ranges>

namespace upstart::client {

namespace {

// The parts of an explanation, folded to a width.
class Telling {
public:
  explicit Telling(std::size_t width) : width_{width} {}
  [[nodiscard]] std::string whole(const Explanation& explanation) const;

private:
  [[nodiscard]] std::string item(std::string_view mark, std::string_view text) const;
  [[nodiscard]] std::string event_line(const EventFinding& finding) const;
  [[nodiscard]] std::string held_events(const ConditionFinding& finding) const;
  [[nodiscard]] std::string condition_text(std::string_view stanza, const ConditionFinding& finding) const;
  [[nodiscard]] std::string instance_text(const InstanceFinding& finding) const;
  [[nodiscard]] std::string failure_text(const FailureFinding& failure) const;
  [[nodiscard]] std::string record_text(const protocol::JobRecordState& record) const;

  std::size_t width_;
};

std::string Telling::item(std::string_view mark, std::string_view text) const {
  std::size_t indentation = mark.size() + 3;
  return std::format("  {} {}\n", mark, base::wrap(visible(text), width_ - std::min(indentation, width_), indentation));
}

std::string Telling::event_line(const EventFinding& finding) const {
  auto place = finding.place.empty() ? "" : std::format(" ({})", finding.place);
  if (!finding.seen) return item("[ ]", std::format("{} — {}{}", finding.event, finding.remark, place));
  if (finding.by->outcome.empty())
    return item("[x]", std::format("{} — seen, event #{}", finding.event, finding.by->id));
  return item("[x]", std::format("{} — seen {}, event #{} {}", finding.event, shown_time(finding.by->time),
                                 finding.by->id, shown_event(finding.by->name, finding.by->environment)));
}

// Events that are seen but held, since the rest has not come.
std::string Telling::held_events(const ConditionFinding& finding) const {
  std::string text;
  for (const auto& event : finding.events)
    if (event.seen)
      text += item(
          "->", std::format("event #{} is held until the rest has come; whoever emitted it and waits{} waits for that",
                            event.by->id, event.by->pid > 0 ? std::format(" (pid {})", event.by->pid) : ""));
  return text;
}

std::string Telling::condition_text(std::string_view stanza, const ConditionFinding& finding) const {
  if (finding.written.empty()) return {};
  std::string text = std::format("\n{} {}\n", stanza, visible(finding.written));
  for (const auto& event : finding.events) text += event_line(event);
  return text + held_events(finding);
}

std::string Telling::instance_text(const InstanceFinding& finding) const {
  auto status = finding.status;
  if (status.instance) status.instance = visible(*status.instance);
  std::string text = "\n" + to_text(status);
  text += item("started", finding.cause);
  if (finding.last_change)
    text += item("last event", std::format("{} {}", finding.last_change->name, shown_time(finding.last_change->time)));
  if (!finding.says.empty()) text += item("says", finding.says);
  if (!finding.waits_for.empty()) text += item("waits for", finding.waits_for);
  for (const auto& holder : finding.blocked_by) text += item("held up by", holder);
  for (const auto& held : finding.blocks) text += item("holds up", held);
  for (const auto& failure : finding.ignored_failures) text += item("ignored failure:", failure);
  return text + condition_text("stop on", finding.stop_on);
}

std::string Telling::failure_text(const FailureFinding& failure) const {
  auto instance = std::ranges::find_if(
      failure.event.environment, [](const auto& pair) { return pair.starts_with("INSTANCE=") && pair.size() > 9; });
  auto whose =
      instance == failure.event.environment.end() ? "" : std::format(" of instance {}", visible(instance->substr(9)));
  return std::format("\nlast failure{}: {}, event #{}\n", whose, shown_time(failure.event.time), failure.event.id) +
         item("->", failure.text);
}

std::string Telling::record_text(const protocol::JobRecordState& record) const {
  auto whose = record.instance.empty() ? "" : std::format("instance {}: ", record.instance);
  auto often = record.times > 1 ? std::format(" ({} times, last then)", record.times) : "";
  return item(shown_time(WallTime{std::chrono::microseconds{record.time}}), whose + record.text + often);
}

std::string log_text(const LogTail& log) {
  std::string text = std::format("\nlast lines of {}\n", visible(log.path));
  for (const auto& line : log.lines) text += "  | " + harmless(line) + "\n";
  return text;
}

// What has become of its job file since it was loaded.
std::string_view file_text(const Explanation& explanation) {
  if (!explanation.file_broken.empty())
    return "its job file cannot be read as a job any more: mend it before you stop the job, which could not be started "
           "again";
  if (explanation.file_gone) return "its job file has been removed: once stopped it cannot be started again";
  if (explanation.replaced_by_newer)
    return "its job file has changed since; the change takes effect when its last instance has stopped";
  return "";
}

std::string Telling::whole(const Explanation& explanation) const {
  std::string text = base::wrap(visible(explanation.verdict), width_) + "\n";
  if (!explanation.file.empty()) text += std::format("  from {}\n", visible(explanation.file));
  if (!explanation.override_file.empty())
    text += std::format("  overridden by {}\n", visible(explanation.override_file));
  for (const auto& fault : explanation.file_faults) text += item("ignored for an error:", fault);
  if (auto file = file_text(explanation); !file.empty())
    text += std::format("  {}\n", base::wrap(file, width_ - std::min<std::size_t>(2, width_), 2));
  text += condition_text("start on", explanation.start_on);
  for (const auto& instance : explanation.instances) text += instance_text(instance);
  if (!explanation.warnings.empty()) text += "\n";
  for (const auto& warning : explanation.warnings) text += item("warning:", warning);
  if (!explanation.records.empty()) text += "\nwhat happened\n";
  for (const auto& record : explanation.records) text += record_text(record);
  if (explanation.last_failure) text += failure_text(*explanation.last_failure);
  if (explanation.log) text += log_text(*explanation.log);
  return text;
}

Json to_json(const EventFinding& finding) {
  Json document{{"event", finding.event},       {"seen", finding.seen},     {"by", nullptr},
                {"can_come", finding.can_come}, {"remark", finding.remark}, {"place", finding.place}};
  if (finding.by) document["by"] = to_json(*finding.by);
  return document;
}

Json to_json(const ConditionFinding& finding) {
  if (finding.written.empty()) return nullptr;
  Json events = Json::array();
  for (const auto& event : finding.events) events.push_back(to_json(event));
  return {{"condition", finding.written}, {"can_come_true", finding.can_come_true}, {"events", events}};
}

Json to_json(const InstanceFinding& finding) {
  Json document = to_json(finding.status);
  document["started"] = finding.cause;
  document["last_event"] = finding.last_change ? to_json(*finding.last_change) : Json{};
  document["waits_for"] = finding.waits_for;
  document["blocked_by"] = finding.blocked_by;
  document["blocks"] = finding.blocks;
  document["says"] = finding.says;
  document["ignored_failures"] = finding.ignored_failures;
  document["passed_over"] = finding.ignored_failures; // its former name: members are never removed
  document["stop_on"] = to_json(finding.stop_on);
  return document;
}

} // namespace

std::string harmless(std::string_view line) {
  std::string text, shown;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line.substr(i).starts_with("\x1b[")) {
      i = std::min(line.find_first_not_of("0123456789;?", i + 2), line.size());
      continue;
    }
    if (line[i] == '\r' && i + 1 == line.size()) continue;
    text += line[i];
  }
  for (auto part : text | std::views::split('\t'))
    shown += (part.data() == text.data() ? "" : "\t") + visible(std::string_view{part});
  return shown;
}

std::string to_text(const Explanation& explanation, std::size_t width) { return Telling{width}.whole(explanation); }

Json to_json(const Explanation& explanation) {
  Json instances = Json::array();
  for (const auto& instance : explanation.instances) instances.push_back(to_json(instance));
  Json document{{"job", explanation.job},
                {"file", explanation.file},
                {"verdict", explanation.verdict},
                {"start_on", to_json(explanation.start_on)},
                {"instances", instances},
                {"last_failure", nullptr},
                {"replaced_by_newer", explanation.replaced_by_newer},
                {"file_gone", explanation.file_gone},
                {"file_broken", explanation.file_broken},
                {"warnings", explanation.warnings},
                {"records", Json::array()},
                {"override_file", explanation.override_file},
                {"manual_at", explanation.manual_at},
                {"file_faults", explanation.file_faults},
                {"log", nullptr}};
  for (const auto& record : explanation.records)
    document["records"].push_back({{"time", record.time},
                                   {"kind", record.kind},
                                   {"instance", record.instance},
                                   {"text", record.text},
                                   {"times", record.times}});
  if (explanation.last_failure)
    document["last_failure"] = {{"event", to_json(explanation.last_failure->event)},
                                {"text", explanation.last_failure->text}};
  if (explanation.log) document["log"] = {{"path", explanation.log->path}, {"lines", explanation.log->lines}};
  return document;
}

} // namespace upstart::client
