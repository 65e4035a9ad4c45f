// The details of a job as text: labelled lines, the processes as a tree, the log at the end.
#include "clients/base/plain/visible-text.hpp"
#include "clients/initctl/list/job-table.hpp"
#include "clients/initctl/show/job-details.hpp"
#include "daemons/base/command-line/wrap.hpp"

#include <algorithm>
#include <format>

namespace upstart::client {

namespace {

constexpr std::size_t label_width = 10, usual_width = 100;

class Text {
public:
  Text(const TableStyle& style, WallTime now) : style_{style}, now_{now} {}

  // Behind its label; folded, but for the first line's colour.
  void field(std::string_view label, std::string_view text) {
    if (text.empty()) return;
    auto shown = visible(text);
    text_ += std::format("{:>{}}{} {}\n", label, label_width - 1, label.empty() ? " " : ":",
                         base::wrap(shown, width() - label_width - 1, label_width + 1));
  }
  void field(std::string_view label, std::string_view text, Colour colour) {
    if (!style_.coloured) return field(label, text);
    text_ += std::format("{:>{}}: {}\n", label, label_width - 1, in_colour(visible(text), colour));
  }
  // One below the other behind one label.
  void fields(std::string_view label, const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      field(label, text);
      label = "";
    }
  }
  // Cut, as it is no text for people to read on.
  void verbatim(std::string_view label, const std::string& value) {
    auto text = visible_lines(value);
    auto cut = style_.width ? text.substr(0, cut_at(text, width() - label_width - 1)) : text;
    text_ += std::format("{:>{}}{} {}\n", label, label_width - 1, label.empty() ? " " : ":", cut);
  }
  void heading(std::string_view value) {
    auto text = visible(value);
    text_ += style_.coloured ? in_colour(text, Colour::bold) + "\n" : std::format("{}\n", text);
  }
  void line(std::string_view text) { text_ += std::format("{}\n", text); }
  [[nodiscard]] std::string taken() { return std::move(text_); }
  [[nodiscard]] WallTime now() const { return now_; }

private:
  [[nodiscard]] std::size_t width() const { return std::max<std::size_t>(style_.width.value_or(usual_width), 40); }
  // Bytes of the first so many characters of UTF-8.
  static std::size_t cut_at(std::string_view text, std::size_t characters) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i)
      if ((static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U && ++count > characters) return i;
    return text.size();
  }

  TableStyle style_;
  WallTime now_;
  std::string text_;
};

std::string ago(std::int64_t microseconds, WallTime now) {
  auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now - WallTime{std::chrono::microseconds{microseconds}}).count();
  if (seconds < 0) return {};
  if (seconds < 60) return std::format(" ({} s)", seconds);
  if (seconds < 3600) return std::format(" ({} min {} s)", seconds / 60, seconds % 60);
  if (seconds < 86400) return std::format(" ({} h {} min)", seconds / 3600, seconds / 60 % 60);
  return std::format(" ({} d {} h)", seconds / 86400, seconds / 3600 % 24);
}

Colour colour_of(JobCondition condition) {
  using enum JobCondition;
  switch (condition) {
  case running: return Colour::green;
  case changing: return Colour::yellow;
  case failed: return Colour::red;
  case disabled:
  case unknown: return Colour::grey;
  case waiting: return Colour::none;
  }
  return Colour::none;
}

std::string state_text(const JobRow& row, WallTime now) {
  std::string text = row.condition == JobCondition::changing ? std::format("{}/{}", row.status.goal, row.status.state)
                                                             : std::string{name_of(row.condition)};
  if (row.since == 0) return text;
  return text + std::format(" since {}{}", shown_since(row.since, now), ago(row.since, now));
}

std::string usage_text(const Usage& usage) {
  return std::format("{} process{}, memory {}, CPU {:.1f} s", usage.processes, usage.processes == 1 ? "" : "es",
                     shown_size(usage.memory), static_cast<double>(usage.cpu.count()) / 1000);
}

void add_children(Text& text, const ProcessNode& node, const std::string& indentation) {
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    bool is_last = i + 1 == node.children.size();
    const auto& child = node.children[i];
    text.verbatim("", std::format("{}{} {} {}", indentation, is_last ? "└─" : "├─", child.pid, child.command));
    add_children(text, child, indentation + (is_last ? "   " : "│  "));
  }
}

void add_log(Text& text, const std::optional<LogTail>& log) {
  if (!log) return;
  text.field("log", log->path);
  for (const auto& line : log->lines) text.verbatim("", "| " + harmless(line));
}

std::vector<std::string> events_in(const ConditionFinding& finding) {
  std::vector<std::string> lines{finding.written};
  if (finding.written.empty()) return {};
  for (const auto& event : finding.events)
    lines.push_back(std::format("[{}] {}{}", event.seen ? "x" : " ", event.event,
                                event.remark.empty() ? "" : " — " + event.remark));
  return lines;
}

void add_instance(Text& text, const InstanceDetails& instance) {
  const auto& [finding, row, processes, log] = instance;
  if (!row.status.instance.value_or("").empty()) text.heading(shown_name(row.status.job, *row.status.instance));
  text.field("state", state_text(row, text.now()), colour_of(row.condition));
  text.field("started", finding.cause);
  if (row.usage) text.field("uses", usage_text(*row.usage));
  for (const auto& node : processes) {
    text.verbatim(node.role, std::format("{} {}", node.pid, node.command));
    add_children(text, node, "");
  }
  text.field("says", finding.says);
  text.field("waits for", finding.waits_for);
  text.fields("held up by", finding.blocked_by);
  text.fields("holds up", finding.blocks);
  if (row.restarts > 0) text.field("restarts", std::to_string(row.restarts));
  if (!finding.stop_on.written.empty()) text.field("stop on", finding.stop_on.written);
  text.fields("ignored", finding.ignored_failures);
  add_log(text, log);
}

// The last things that were decided about it: how it ended, and by whom it was stopped.
std::vector<std::string> last_ends(const JobDetails& details, WallTime now) {
  constexpr std::size_t most = 3;
  std::vector<std::string> lines;
  for (const auto& record : details.state.records | newest_first) {
    if (record.kind == "started" || record.kind == "not started" || lines.size() == most) continue;
    lines.push_back(std::format("{} {}{}{}", shown_since(record.time, now),
                                record.instance.empty() ? "" : std::format("instance {}: ", record.instance),
                                record.text, record.times > 1 ? std::format(" ({} times)", record.times) : ""));
  }
  return lines;
}

void add_files(Text& text, const JobDetails& details) {
  std::string fate =
      !details.state.file_broken.empty() ? ", which cannot be read as a job any more: mend it before a stop"
      : details.state.file_gone          ? ", which has been removed since: once stopped it cannot be started again"
      : details.state.replaced_by_newer  ? ", which has changed since: that takes effect after a stop"
                                         : "";
  text.field("file", details.state.file + fate);
  text.field("override", details.state.override_file);
  for (const auto& [number, line] : details.override_lines) text.verbatim("", std::format("line {}: {}", number, line));
  text.fields("ignored", details.state.file_faults);
}

} // namespace

std::string to_text(const JobDetails& details, const TableStyle& style, WallTime now) {
  Text text{style, now};
  const auto& state = details.state;
  text.heading(state.description.empty() ? state.name : std::format("{} — {}", state.name, state.description));
  for (const auto& row : details.stopped) {
    text.field("state", state_text(row, now), colour_of(row.condition));
    text.field("failure", row.failure);
  }
  if (details.instances.empty()) {
    text.field("why", details.explanation.verdict);
    text.fields("start on", events_in(details.explanation.start_on));
  }
  for (const auto& instance : details.instances) add_instance(text, instance);
  if (!details.instances.empty()) text.field("start on", details.explanation.start_on.written);
  text.fields("last ends", last_ends(details, now));
  text.fields("watched", details.watches);
  text.fields("settings", details.settings);
  text.fields("warning", details.explanation.warnings);
  add_files(text, details);
  add_log(text, details.log);
  return text.taken();
}

} // namespace upstart::client
