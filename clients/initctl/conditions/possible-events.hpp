// Which events can come at all, as far as the loaded jobs tell: those that init emits by itself, those that a job says
// that it emits, those of bridges, and the life events of jobs that exist.
#pragma once

#include "clients/initctl/conditions/conditions.hpp"

#include <set>

namespace upstart::client {

class PossibleEvents {
public:
  // `jobs` are those that are loaded, `emitted` the names and patterns of events that somebody says come.
  PossibleEvents(const std::vector<std::string>& jobs, const std::vector<std::string>& emitted);

  [[nodiscard]] bool can_happen(const Condition& event) const;

  // What is missing for an event that cannot happen: kind "job" or "event", and its name.
  struct Obstacle {
    std::string kind, name;
  };
  [[nodiscard]] Obstacle obstacle_of(const Condition& event) const;

private:
  [[nodiscard]] bool is_emitted(std::string_view event) const;
  [[nodiscard]] bool is_job(const std::string& pattern) const;

  std::set<std::string, std::less<>> names_;
  std::vector<std::string> patterns_; // emits stanzas with wildcards
  std::set<std::string, std::less<>> jobs_;
};

} // namespace upstart::client
