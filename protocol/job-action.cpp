#include "protocol/job-action.hpp"

namespace upstart::protocol {

std::string to_text(const JobAction& action) {
  auto text = action.operation + " " + action.job;
  return action.instance.empty() ? text : text + " (" + action.instance + ")";
}

JobAction converted(const JobAction& action, std::string (*convert)(std::string_view)) {
  return {convert(action.operation), convert(action.job), convert(action.instance)};
}

std::vector<JobAction> converted(std::vector<JobAction> actions, std::string (*convert)(std::string_view)) {
  for (auto& action : actions) action = converted(action, convert);
  return actions;
}

} // namespace upstart::protocol
