#include "daemons/mqtt-bridge/mqtt-bridge.hpp"

#include "daemons/mqtt-bridge/connection/mosquitto-connection.hpp"
#include "daemons/mqtt-bridge/mqtt-bridge-object.hpp"
#include "protocol/bridges.hpp"
#include "protocol/event-pattern.hpp"
#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <format>

namespace upstart::mqtt_bridge {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string jobs_address() {
  auto session = variable("UPSTART_SESSION");
  return session.empty() ? protocol::address::system : session;
}

std::string configuration_path(const bridge::Services& services, const Options& options) {
  if (!options.configuration.empty()) return options.configuration;
  return protocol::fleet_configuration_path(services.home, variable("XDG_CONFIG_HOME"));
}

Fleet::MakeConnection connection_over(base::EventLoop& loop, const std::string& password) {
  return [&loop, password](const FleetConfiguration& configuration, Publication will, MqttConnection::Events events) {
    BrokerSettings settings{.host = configuration.host,
                            .port = configuration.port,
                            .client_id = std::format("upstart/{}/{}", configuration.fleet, configuration.node),
                            .ca = configuration.ca,
                            .certificate = configuration.certificate,
                            .key = configuration.key,
                            .username = configuration.username,
                            .password = password,
                            .session_expiry = session_expiry,
                            .will = std::move(will)};
    return std::make_unique<MosquittoConnection>(loop, std::move(settings), std::move(events));
  };
}

// Whether it is about a node, or about an event of one.
bool is_of_node(const bridge::Match& match) { return is_node_event(match.event) || names_node(match); }

} // namespace

MqttBridge::MqttBridge(const bridge::Services& services, const Options& options)
    : warnings_{services.warnings},
      path_{configuration_path(services, options)},
      state_directory_{options.state_directory.empty() ? state_directory(services.home) : options.state_directory},
      watch_{services.loop, path_, [this, &loop = services.loop] { configuration_changed(loop); },
             base::PathWatch::Told::every_change} {
  begin(services);
  services.object.serve([this](auto& connection, const auto& path) {
    return std::make_unique<MqttBridgeObject>(connection, path, [this]() -> std::expected<Fleet*, std::string> {
      if (!fleet_) return std::unexpected(problem_);
      return fleet_.get();
    });
  });
}

void MqttBridge::cannot(std::string why) {
  problem_ = std::move(why);
  spdlog::error("{}; this machine is not a node of a fleet", problem_);
}

void MqttBridge::begin(const bridge::Services& services) {
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) return cannot(std::format("there is no {}", path_));
  auto text = content_of(path_);
  if (!text) return cannot(text.error());
  text_ = *text;
  auto configuration = parse_configuration(text_, host_name());
  if (!configuration) {
    std::string faults;
    for (const auto& fault : configuration.error()) faults += (faults.empty() ? "" : "; ") + describe(fault, path_);
    return cannot(faults);
  }
  auto password = password_in(configuration->password_file);
  if (!password) return cannot(password.error());
  std::filesystem::create_directories(state_directory_, error);
  FleetPlaces places{.run_directory = services.run_directory,
                     .state_directory = state_directory_,
                     .jobs_address = jobs_address(),
                     .initctl = path_of_initctl(),
                     .life = life_of(services.run_directory)};
  auto fleet = Fleet::join(services.loop, services.emitter, std::move(*configuration), std::move(places),
                           connection_over(services.loop, *password));
  if (!fleet) return cannot(fleet.error());
  fleet_ = std::move(*fleet);
}

// What jobs ask for is told by events that this process has asked for at its beginning: the next one begins anew.
void MqttBridge::configuration_changed(base::EventLoop& loop) {
  if (content_of(path_).value_or("") == text_) return;
  spdlog::info("{} has changed: ending, for the next process to read it", path_);
  loop.stop();
}

std::vector<std::string> MqttBridge::events() const {
  if (!fleet_) return {"*"}; // whichever job waits for another node, it is to be told why that does not come
  std::vector<std::string> names{std::string{node_up}, std::string{node_down}};
  const auto& accept = fleet_->configuration().accept;
  auto patterns = std::ranges::count_if(accept, [](const auto& text) { return protocol::is_event_pattern(text); });
  if (patterns > 1) return {"*"};
  for (const auto& text : accept)
    if (protocol::is_event_pattern(text)) {
      std::erase_if(names, [&](const auto& name) { return protocol::event_fits(text, name); });
      names.push_back(text);
    }
  for (const auto& text : accept) {
    auto fits = [&](const auto& name) { return protocol::event_fits(name, text); };
    if (!std::ranges::any_of(names, fits)) names.push_back(text);
  }
  return names;
}

void MqttBridge::jobs_changed(const bridge::ConditionsUpdate& update) {
  if (fleet_) warnings_.tell(fleet_->jobs_changed(update));
  else note_jobs(update);
}

void MqttBridge::note_jobs(const bridge::ConditionsUpdate& update) {
  for (const auto& job : update.gone) waiting_jobs_.erase(job);
  for (const auto& [job, matches] : update.changed)
    if (std::ranges::any_of(matches, is_of_node)) waiting_jobs_.insert(job);
    else waiting_jobs_.erase(job);
}

std::vector<bridge::Watch> MqttBridge::watches() const {
  if (fleet_) return fleet_->watches();
  return {{.what = "fleet", .state = problem_, .since = since_, .jobs = {waiting_jobs_.begin(), waiting_jobs_.end()}}};
}

} // namespace upstart::mqtt_bridge
