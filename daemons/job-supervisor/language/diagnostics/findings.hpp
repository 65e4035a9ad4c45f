// The errors and warnings of a file while it is parsed, with places as offsets; at the end they become diagnostics in
// the order of the text, each with its line, its column and the line's text. At most 100, whatever the file holds.
#pragma once

#include "daemons/job-supervisor/language/diagnostics/diagnostic.hpp"
#include "daemons/job-supervisor/language/lexing/fault.hpp"

#include <string_view>
#include <vector>

namespace upstart::supervisor {

class Findings {
public:
  explicit Findings(std::string_view text) : text_(text) {}

  // `about` is where the stanza stands that is wrong; the fault itself may be noticed much later, at the end of the
  // file.
  void error(const Fault& fault, std::size_t about);
  // Not where a comment of the text switches it off.
  void warning(const Fault& fault);

  [[nodiscard]] bool any_error() const { return any_error_; }
  // No more are taken: that many help nobody.
  [[nodiscard]] bool full() const { return found_.size() >= most; }

  [[nodiscard]] std::vector<Diagnostic> diagnostics() &&;

private:
  static constexpr std::size_t most = 100;
  struct Finding {
    std::size_t about;
    Diagnostic::Severity severity;
    Fault fault;
  };

  std::string_view text_;
  std::vector<Finding> found_;
  bool any_error_ = false;
};

} // namespace upstart::supervisor
