// A job file or an override edited by a person: in a copy, which is checked with the job language before it takes
// effect. What is wrong is shown with the name of the real file; on a terminal the person may go on editing.
#pragma once

#include "clients/base/failure.hpp"
#include "clients/base/process-context.hpp"

#include <optional>

namespace upstart::client {

struct EditedFile {
  std::string job;
  std::string path;                     // that is edited
  std::string text;                     // that it has now; empty: it is not there
  std::string invitation;               // what an empty file begins with, as comments
  std::optional<std::string> conf_text; // of the job file that an override stands on; nothing: the job file is edited
};

// The new text; nothing where it was not changed. The failure says what is wrong with it, and where it is kept.
[[nodiscard]] std::expected<std::optional<std::string>, Failure> edit(const EditedFile& file,
                                                                      const ProcessContext& context);

} // namespace upstart::client
