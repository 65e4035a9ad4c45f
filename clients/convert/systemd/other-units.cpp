#include "clients/convert/systemd/other-units.hpp"

#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/systemd/command-line.hpp"

#include <filesystem>
#include <format>

namespace upstart::convert::systemd {

namespace {

bool is_beside(const Unit& unit, const std::string& name) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::path{unit.path}.replace_filename(name), error);
}

OtherJob alone(std::string_view stem) { return {as_word(job_name(stem)), job_name(stem)}; }

// What the events say of an instance; empty where it is known only when the job runs.
std::string in_condition(const Unit& unit, std::string_view instance) {
  if (auto known = plain(unit, instance)) return as_argument(*known).value_or("");
  return instance == "%i" ? "$INSTANCE" : "";
}

std::expected<OtherJob, std::string> of_template(const Unit& unit, std::string_view prefix, std::string_view instance) {
  auto known_prefix = plain(unit, prefix);
  if (!known_prefix) return std::unexpected(known_prefix.error());
  auto known = plain(unit, instance);
  if (known && is_beside(unit, std::format("{}@{}.service", *known_prefix, *known)))
    return alone(std::format("{}@{}", *known_prefix, *known));
  auto word = shell_word(unit, instance);
  if (!word) return std::unexpected(word.error());
  auto job = job_name(*known_prefix) + (is_beside(unit, *known_prefix + ".service") ? "@" : "");
  auto argument = in_condition(unit, instance);
  return OtherJob{std::format("{} INSTANCE={}", as_word(job), *word),
                  argument.empty() ? "" : std::format("{} INSTANCE={}", job, argument)};
}

} // namespace

std::expected<OtherJob, std::string> job_of_service_named(const Unit& unit, std::string_view name) {
  auto stem = name.substr(0, name.rfind(".service"));
  auto at = stem.find('@');
  if (at != std::string_view::npos && at + 1 < stem.size())
    return of_template(unit, stem.substr(0, at), stem.substr(at + 1));
  auto known = plain(unit, stem.substr(0, at));
  if (!known) return std::unexpected(known.error());
  at = known->find('@');
  if (at != std::string::npos && at + 1 < known->size() && at > 0) // of a specifier, such as %N
    return of_template(unit, known->substr(0, at), known->substr(at + 1));
  return alone(*known);
}

} // namespace upstart::convert::systemd
