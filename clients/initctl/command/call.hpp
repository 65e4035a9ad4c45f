// One call of the program: which command, with what options and arguments, and the world around it (streams,
// environment variables, user id), which tests replace. Commands see nothing else of the process.
#pragma once

#include "clients/base/json.hpp"
#include "clients/base/target.hpp"

#include <sys/types.h>

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upstart::client {

class Upstart;
struct Subject;

// Options as given, in order, under their long name; a flag has an empty value.
class GivenOptions {
public:
  void add(std::string name, std::string value) { given_.emplace_back(std::move(name), std::move(value)); }
  [[nodiscard]] bool has(std::string_view name) const { return value(name).has_value(); }
  [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
  // Of an option given several times the last counts.
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  // Which of these was given last; empty if none was.
  [[nodiscard]] std::string last_of(std::initializer_list<std::string_view> names) const;

private:
  std::vector<std::pair<std::string, std::string>> given_;
};

// A job by class and instance name, as UPSTART_JOB and UPSTART_INSTANCE tell it to the job's own processes.
struct JobInstance {
  std::string job, instance;
};

struct Call {
  ProcessContext& context;
  GivenOptions options;
  std::vector<std::string> arguments;
  Upstart* upstart = nullptr; // there for commands that need the daemon
  // The jobs that the arguments stood for when the command began, which may be done again after a lost connection.
  std::shared_ptr<const std::vector<Subject>> chosen = {};

  [[nodiscard]] bool has(std::string_view option) const { return options.has(option); }
  [[nodiscard]] bool wants_json() const { return has("--json"); }
  [[nodiscard]] bool quiet() const { return has("--quiet"); }
  [[nodiscard]] std::optional<std::string> variable(const std::string& name) const { return context.variable(name); }
  [[nodiscard]] std::vector<std::string> arguments_from(std::size_t first) const;
  // The job inside whose process this program runs, if so.
  [[nodiscard]] std::optional<JobInstance> own_job() const;

  // Which Upstart the options of the command line ask for.
  [[nodiscard]] TargetOptions target_options() const;

  // Output of the command: nothing with --quiet. On a terminal control characters but newlines and tabs are shown as
  // \xNN.
  void print(std::string_view text);
  // The same, as it is also on a terminal: what has colours of our own, or is meant to have what it has.
  void print_raw(std::string_view text);
  // The same as JSON: one document, indented.
  void print_json(const Json& document);
};

} // namespace upstart::client
