#include "clients/initctl/history/past-event.hpp"

#include "clients/base/plain/visible-text.hpp"
#include "protocol/environment.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <format>

namespace upstart::client {

namespace {

std::string parts_joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : std::string{between}) + part;
  return text;
}

std::vector<std::string> done_texts(const PastEvent& event) {
  std::vector<std::string> texts;
  for (const auto& action : event.done) texts.push_back(protocol::to_text(action));
  return texts;
}

} // namespace

std::string value_of(const PastEvent& event, std::string_view key) {
  protocol::Environment environment{event.environment};
  return std::string{environment.get(key).value_or("")};
}

bool is_life_event(std::string_view name) {
  constexpr std::array names{"starting", "started", "stopping", "stopped"};
  return std::ranges::contains(names, name);
}

bool is_of_job(const PastEvent& event, const std::string& job) {
  return is_life_event(event.name) && value_of(event, "JOB") == job;
}

bool is_of_instance(const PastEvent& event, const std::string& job, const std::string& instance) {
  return is_of_job(event, job) && value_of(event, "INSTANCE") == instance;
}

const PastEvent* find_event(const std::vector<PastEvent>& history, std::uint64_t id) {
  auto found = std::ranges::find(history, id, &PastEvent::id);
  return found == history.end() ? nullptr : &*found;
}

std::string shown_event(const std::string& name, const std::vector<std::string>& environment) {
  return environment.empty() ? name : name + " " + parts_joined(environment, " ");
}

std::string shown_time(WallTime time, WallTime now) {
  auto seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  auto today = std::chrono::system_clock::to_time_t(now);
  std::tm broken{}, broken_today{};
  ::localtime_r(&seconds, &broken);
  ::localtime_r(&today, &broken_today);
  bool same_day = broken.tm_yday == broken_today.tm_yday && broken.tm_year == broken_today.tm_year;
  auto date =
      same_day ? "" : std::format("{:04}-{:02}-{:02} ", broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday);
  auto milliseconds = (microseconds_of(time) / 1000) % 1000;
  return std::format("{}{:02}:{:02}:{:02}.{:03}", date, broken.tm_hour, broken.tm_min, broken.tm_sec, milliseconds);
}

std::int64_t microseconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

std::string to_text(const PastEvent& event) {
  auto text = std::format("{} #{} {}\n             ", shown_time(event.time), event.id,
                          visible(shown_event(event.name, event.environment)));
  if (event.outcome == "pending") text += "pending";
  else text += std::format("{} after {:.1f} ms", event.outcome, static_cast<double>(event.blocked.count()) / 1000);
  text += event.pid == 0 ? "; from init" : std::format("; from pid {} uid {}", event.pid, event.uid);
  if (!event.done.empty()) text += "; " + visible(parts_joined(done_texts(event), ", "));
  return text + "\n";
}

Json to_json(const PastEvent& event) {
  return {{"id", event.id},
          {"name", event.name},
          {"env", event.environment},
          {"time", microseconds_of(event.time)},
          {"uid", event.uid},
          {"pid", event.pid},
          {"handlers", event.handlers},
          {"done", done_texts(event)},
          {"blocked", event.blocked.count()},
          {"outcome", event.outcome}};
}

std::string when(const PastEvent& event) { return std::format("{} (#{})", shown_time(event.time), event.id); }

} // namespace upstart::client
