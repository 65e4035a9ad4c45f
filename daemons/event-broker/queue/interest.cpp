#include "daemons/event-broker/queue/interest.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace upstart::broker {

namespace {

void insert(std::vector<HandlerId>& handlers, HandlerId handler) {
  auto place = std::ranges::lower_bound(handlers, handler);
  if (place == handlers.end() || *place != handler) handlers.insert(place, handler);
}

std::vector<HandlerId> without(std::vector<HandlerId> handlers, HandlerId handler) {
  std::erase(handlers, handler);
  return handlers;
}

auto remove_from(auto& table, HandlerId handler, const std::string& wanted) {
  auto found = table.find(wanted);
  if (found == table.end()) return std::vector<HandlerId>{};
  std::erase(found->second, handler);
  auto others = found->second;
  if (others.empty()) table.erase(found);
  return others;
}

void collect_others(const auto& table, HandlerId handler, std::vector<std::string>& names) {
  for (const auto& [name, handlers] : table)
    if (handlers.size() > 1 || handlers.front() != handler) names.push_back(name);
}

} // namespace

bool is_pattern(std::string_view wanted) { return wanted.find_first_of("*?[\\") != std::string_view::npos; }

Interest::Others Interest::add(HandlerId handler, const std::string& wanted) {
  auto& handlers = is_pattern(wanted) ? patterns_[wanted] : names_[wanted];
  insert(handlers, handler);
  return without(handlers, handler);
}

Interest::Others Interest::remove(HandlerId handler, const std::string& wanted) {
  return is_pattern(wanted) ? remove_from(patterns_, handler, wanted) : remove_from(names_, handler, wanted);
}

std::vector<HandlerId> Interest::wanting(const std::string& name) const {
  Handlers result;
  if (auto found = names_.find(name); found != names_.end()) result = found->second;
  for (const auto& [pattern, handlers] : patterns_)
    if (::fnmatch(pattern.c_str(), name.c_str(), 0) == 0)
      for (auto handler : handlers) insert(result, handler);
  return result;
}

std::vector<std::string> Interest::wanted_by_others(HandlerId handler) const {
  std::vector<std::string> result;
  collect_others(names_, handler, result);
  collect_others(patterns_, handler, result);
  std::ranges::sort(result);
  return result;
}

} // namespace upstart::broker
