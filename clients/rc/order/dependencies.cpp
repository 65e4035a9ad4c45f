#include "clients/rc/order/dependencies.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace upstart::client {

namespace {

class HeaderOrder {
public:
  HeaderOrder(const std::vector<ScriptToOrder>& scripts, const Facilities& facilities)
      : scripts_{scripts}, facilities_{facilities}, waits_(scripts.size()) {
    for (std::size_t i = 0; i < scripts_.size(); ++i) note_names(i);
  }

  Waits make() {
    for (std::size_t i = 0; i < scripts_.size(); ++i) add_waits_of(i);
    cut_circles();
    return std::move(waits_);
  }

private:
  void note_names(std::size_t i) {
    providers_[scripts_[i].script.name].insert(i);
    if (!scripts_[i].header) return;
    for (const auto& name : scripts_[i].header->provides) providers_[name].insert(i);
  }

  void add_waits_of(std::size_t i) {
    const auto& [script, header] = scripts_[i];
    if (!header || header->is_interactive) return keep_place(i);
    bool starts = script.kind == RcKind::start;
    for (const auto& name : starts ? header->start_after : header->stop_after)
      for_each_named(i, name, [&](std::size_t other) { add(i, other); });
    for (const auto& name : starts ? header->start_before : header->stop_before)
      for_each_named(i, name, [&](std::size_t other) { add(other, i); });
  }

  void keep_place(std::size_t i) {
    for (std::size_t before = 0; before < i; ++before) add(i, before);
    for (std::size_t behind = i + 1; behind < scripts_.size(); ++behind) add(behind, i);
  }

  // The scripts that a name stands for. A facility that is not defined stands for all that come before, for a start, or
  // behind, for a stop: as the numbers have it.
  void for_each_named(std::size_t i, const std::string& name, const std::function<void(std::size_t)>& act,
                      int depth = 0) {
    if (auto found = providers_.find(name); found != providers_.end()) std::ranges::for_each(found->second, act);
    if (!name.starts_with('$')) return;
    if (auto found = facilities_.find(name); found != facilities_.end() && depth < 8) {
      for (const auto& part : found->second) for_each_named(i, part, act, depth + 1);
    } else if (name == "$all") {
      for (std::size_t other = 0; other < scripts_.size(); ++other) act(other);
    } else if (!providers_.contains(name)) {
      bool starts = scripts_[i].script.kind == RcKind::start;
      for (std::size_t other = starts ? 0 : i + 1; other < (starts ? i : scripts_.size()); ++other) act(other);
    }
  }

  void add(std::size_t later, std::size_t earlier) {
    if (later != earlier) waits_[later].insert(earlier);
  }

  // Takes scripts away as they could run; where none can, the first that is left waits no longer.
  void cut_circles() {
    auto left = waits_;
    std::set<std::size_t> open;
    for (std::size_t i = 0; i < left.size(); ++i) open.insert(i);
    while (!open.empty()) {
      auto next = std::ranges::find_if(open, [&](std::size_t i) { return left[i].empty(); });
      auto script = next == open.end() ? *open.begin() : *next;
      for (auto cut : left[script]) waits_[script].erase(cut);
      open.erase(script);
      for (auto other : open) left[other].erase(script);
    }
  }

  const std::vector<ScriptToOrder>& scripts_;
  const Facilities& facilities_;
  std::map<std::string, std::set<std::size_t>> providers_;
  Waits waits_;
};

} // namespace

Waits waits_by_headers(const std::vector<ScriptToOrder>& scripts, const Facilities& facilities) {
  return HeaderOrder{scripts, facilities}.make();
}

Waits waits_by_numbers(const std::vector<ScriptToOrder>& scripts) {
  Waits waits(scripts.size());
  for (std::size_t i = 0; i < scripts.size(); ++i)
    for (std::size_t before = 0; before < i; ++before)
      if (scripts[before].script.number < scripts[i].script.number) waits[i].insert(before);
  return waits;
}

Waits waits_in_line(std::size_t scripts) {
  Waits waits(scripts);
  for (std::size_t i = 1; i < scripts; ++i) waits[i].insert(i - 1);
  return waits;
}

} // namespace upstart::client
