#include "daemons/job-supervisor/jobs/decisions/bridge-demand.hpp"

#include <utility>

namespace upstart::supervisor {

void BridgeDemand::count(const JobClass& job_class, bool more) {
  for (const auto* expression : {&job_class.start_on, &job_class.stop_on})
    for (const auto& node : expression->nodes) {
      if (node.kind != ExpressionNode::Kind::match) continue;
      if (auto bridge = protocol::bridge_of_event(node.event)) more ? ++conditions_[*bridge] : --conditions_[*bridge];
    }
}

std::vector<std::string> BridgeDemand::wanted() const {
  std::vector<std::string> names;
  for (std::size_t place = 0; place < conditions_.size(); ++place)
    if (conditions_[place] > 0) names.emplace_back(protocol::bridges.at(place).name);
  return names;
}

bool BridgeDemand::take_change() {
  bool changed = false;
  for (std::size_t place = 0; place < conditions_.size(); ++place) {
    bool wants = conditions_[place] > 0;
    if (std::exchange(told_[place], wants) != wants) changed = true;
  }
  return changed;
}

} // namespace upstart::supervisor
