#include "clients/convert/systemd/units.hpp"

#include "clients/convert/systemd/activation.hpp"
#include "clients/convert/systemd/service.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <format>
#include <map>
#include <set>

namespace upstart::convert::systemd {

namespace {

struct NoJob {
  std::string_view kind, why;
};
constexpr std::array without_job{
    NoJob{"target", "a target is no process; its services say in `start on' when they start"},
    NoJob{"mount", "what is mounted stands in /etc/fstab"},
    NoJob{"automount", "what is mounted stands in /etc/fstab"},
    NoJob{"swap", "swap stands in /etc/fstab"},
    NoJob{"slice", "control groups are made for each job; see `cgroup' in init(5)"},
    NoJob{"scope", "a scope is of processes that others started"},
    NoJob{"device", "devices are events of upstart-udev-bridge(8)"}};

std::string why_no_job(const Unit& unit) {
  auto found = std::ranges::find(without_job, unit.kind, &NoJob::kind);
  return found == without_job.end() ? std::format("{}: not the name of a unit", unit.path) : std::string{found->why};
}

std::string beside(const Unit& unit, const std::string& name) {
  return std::filesystem::path{unit.path}.replace_filename(name);
}

} // namespace

std::vector<Converted> convert_units(const std::vector<std::string>& paths) {
  std::vector<Converted> result;
  std::vector<Unit> services;
  std::map<std::string, std::vector<Unit>> activators; // by the name of the service
  for (const auto& path : paths) {
    auto unit = read_unit(path);
    if (!unit) result.push_back({.source = path, .failure = unit.error()});
    else if (unit->kind == "service") services.push_back(std::move(*unit));
    else if (is_activator(*unit)) {
      auto service = service_of(*unit);
      activators[service].push_back(std::move(*unit));
    } else result.push_back({.source = path, .failure = why_no_job(*unit)});
  }
  for (const auto& [service, units] : activators) {
    bool is_given = std::ranges::contains(services, service, &Unit::name);
    auto read = is_given ? std::unexpected{std::string{}} : read_unit(beside(units.front(), service));
    if (read) services.push_back(std::move(*read));
    for (const auto& unit : units) {
      bool is_served = is_given || read.has_value();
      result.push_back(
          {.source = unit.path,
           .failure = is_served ? "" : std::format("{}, which it is for, is not there; give it, too", service)});
    }
  }
  for (auto& unit : services) {
    auto namesake = unit.prefix + ".service";
    std::error_code error;
    unit.has_namesake = unit.is_template && (std::ranges::contains(services, namesake, &Unit::name) ||
                                             std::filesystem::exists(beside(unit, namesake), error));
    result.push_back({.source = unit.path, .jobs = jobs_of_service(unit, activators[unit.name])});
  }
  return result;
}

} // namespace upstart::convert::systemd
