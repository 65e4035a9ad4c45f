// The login records of a system: utmp, which says who is there now and which runlevel holds, and wtmp, their history.
//
// Records are read and written as they are, without the C library's one open file of a process: so an error is told
// by its number, and a damaged end of a file is left alone. A file that is locked by somebody for longer than a second
// is written all the same: any user may lock what he may read, and nobody may keep a system from going down.
#pragma once

#include "clients/system-v/runlevel.hpp"

#include <expected>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace upstart::client {

// A file that could not be read or written.
struct RecordError {
  std::string file;
  std::error_code code;
  [[nodiscard]] bool is_missing() const { return code == std::errc::no_such_file_or_directory; }
};

class LoginRecords {
public:
  // An empty name of a history: none is kept.
  LoginRecords(std::string utmp, std::string wtmp) : utmp_{std::move(utmp)}, wtmp_{std::move(wtmp)} {}

  // What the record of the runlevel says; nothing where there is none.
  [[nodiscard]] std::expected<std::optional<Runlevels>, RecordError> runlevels() const;
  // The terminals on which somebody is logged in, relative to /dev, each once.
  [[nodiscard]] std::expected<std::vector<std::string>, RecordError> terminals() const;

  enum class Missing : bool { stays_missing, is_made }; // a utmp that is not there
  // Records a runlevel, and before it the boot, where utmp does not have that. The errors are those that are left once
  // everything was tried.
  [[nodiscard]] std::vector<RecordError> record_runlevel(Runlevels levels,
                                                         Missing missing = Missing::stays_missing) const;
  // Records in the history that the system goes down.
  [[nodiscard]] std::vector<RecordError> record_shutdown() const;

private:
  std::string utmp_, wtmp_;
};

} // namespace upstart::client
