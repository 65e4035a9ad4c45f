// The jobs of the units that another one names.
#pragma once

#include "clients/convert/systemd/unit.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace upstart::convert::systemd {

// The job of a service. An instance of a template is one of the template's job, unless it is a file of its own.
struct OtherJob {
  std::string words;     // for `initctl start', of the shell: "mail INSTANCE=web"
  std::string condition; // for the events of its life; empty: only the shell knows which instance it is

  bool operator==(const OtherJob&) const = default;
};

// Of a name as the unit has it, with specifiers. The error says what in it is known to nobody.
[[nodiscard]] std::expected<OtherJob, std::string> job_of_service_named(const Unit& unit, std::string_view name);

} // namespace upstart::convert::systemd
