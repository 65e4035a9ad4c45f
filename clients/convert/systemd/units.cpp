#include "clients/convert/systemd/units.hpp"

#include "clients/convert/systemd/activation.hpp"
#include "clients/convert/systemd/service.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <expected>
#include <filesystem>
#include <format>
#include <map>
#include <set>

namespace upstart::convert::systemd {

namespace {

struct NoJob {
  std::string_view kind, why;
  bool is_lost = false; // with it something that must be said elsewhere
};
constexpr std::array without_job{
    NoJob{"target", "a target is no process; its services say in `start on' when they start"},
    NoJob{"mount", "what is mounted stands in /etc/fstab", true},
    NoJob{"automount", "what is mounted stands in /etc/fstab", true},
    NoJob{"swap", "swap stands in /etc/fstab", true},
    NoJob{"slice", "control groups are made for each job; see `cgroup' in init(5)"},
    NoJob{"scope", "a scope is of processes that others started"},
    NoJob{"device", "devices are events of upstart-udev-bridge(8)"}};

Converted without(const Unit& unit) {
  auto found = std::ranges::find(without_job, unit.kind, &NoJob::kind);
  if (found == without_job.end()) return {.source = unit.path, .failure = "not the name of a unit"};
  if (found->is_lost) return {.source = unit.path, .failure = std::string{found->why}};
  return {.source = unit.path, .no_need = std::string{found->why}};
}

// The unit, if it says anything of what its name tells that it is.
std::expected<Unit, std::string> read(const std::string& path, bool for_session) {
  auto unit = read_unit(path);
  if (!unit) return unit;
  unit->of_user = unit->of_user || for_session;
  if (unit->kind != "service" && !is_activator(*unit)) return unit;
  auto section = unit->kind;
  section[0] = static_cast<char>(std::toupper(section[0]));
  if (std::ranges::contains(unit->assignments, section, &Assignment::section)) return unit;
  return std::unexpected(std::format("nothing is said in it of a {} (there is no section [{}])", unit->kind, section));
}

std::string beside(const Unit& unit, const std::string& name) {
  return std::filesystem::path{unit.path}.replace_filename(name);
}

} // namespace

std::vector<Converted> convert_units(const std::vector<std::string>& paths, bool for_session) {
  std::vector<Converted> result;
  std::vector<Unit> services;
  std::map<std::string, std::vector<Unit>> activators; // by the name of the service
  for (const auto& path : paths) {
    auto unit = read(path, for_session);
    if (!unit) result.push_back({.source = path, .failure = unit.error()});
    else if (unit->kind == "service") services.push_back(std::move(*unit));
    else if (is_activator(*unit)) {
      auto service = service_of(*unit);
      activators[service].push_back(std::move(*unit));
    } else result.push_back(without(*unit));
  }
  for (const auto& [service, units] : activators) {
    bool is_given = std::ranges::contains(services, service, &Unit::name);
    auto found = is_given ? std::unexpected{std::string{}} : read(beside(units.front(), service), for_session);
    if (found) services.push_back(std::move(*found));
    for (const auto& unit : units) {
      bool is_served = is_given || found.has_value();
      result.push_back(
          {.source = unit.path,
           .failure = is_served ? "" : std::format("{}, which it is for: {}; give it, too", service, found.error())});
    }
  }
  for (auto& unit : services) {
    auto namesake = unit.prefix + ".service";
    std::error_code error;
    unit.has_namesake = unit.is_template && (std::ranges::contains(services, namesake, &Unit::name) ||
                                             std::filesystem::exists(beside(unit, namesake), error));
    auto jobs = jobs_of_service(unit, activators[unit.name]);
    if (jobs) result.push_back({.source = unit.path, .jobs = std::move(*jobs)});
    else result.push_back({.source = unit.path, .failure = jobs.error()});
  }
  return result;
}

} // namespace upstart::convert::systemd
