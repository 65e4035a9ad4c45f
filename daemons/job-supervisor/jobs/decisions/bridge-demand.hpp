// Which bridges the classes in force ask for: how many conditions of theirs name an event of each. A change costs by
// the conditions of the class that changed, whatever is loaded besides.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "protocol/bridges.hpp"

#include <array>
#include <string>
#include <vector>

namespace upstart::supervisor {

class BridgeDemand {
public:
  // A class has come into force, or is in force no longer.
  void add(const JobClass& job_class) { count(job_class, true); }
  void remove(const JobClass& job_class) { count(job_class, false); }

  // Their names, in the order of the table.
  [[nodiscard]] std::vector<std::string> wanted() const;
  // Whether other bridges are wanted than when this was called last.
  [[nodiscard]] bool take_change();

private:
  void count(const JobClass& job_class, bool more);

  std::array<std::size_t, protocol::bridges.size()> conditions_{};
  std::array<bool, protocol::bridges.size()> told_{};
};

} // namespace upstart::supervisor
