#include "clients/base/status.hpp"

#include <nlohmann/json.hpp>

namespace upstart::client {

Json to_json(const InstanceStatus& status) {
  Json processes = Json::array();
  for (const auto& process : status.processes) processes.push_back({{"name", process.name}, {"pid", process.pid}});
  Json document{{"job", status.job},
                {"instance", nullptr},
                {"goal", status.goal},
                {"state", status.state},
                {"processes", processes}};
  if (status.instance) document["instance"] = *status.instance;
  return document;
}

} // namespace upstart::client
