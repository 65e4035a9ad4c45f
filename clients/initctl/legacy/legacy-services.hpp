// System V services: the scripts of /etc/init.d that no job has replaced. initctl reaches them where a name is that of
// no job.
//
// What runs is asked of the scripts, by their argument `status`; nothing is remembered of them.
#pragma once

#include "clients/base/json.hpp"
#include "clients/initctl/command/call.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace upstart::client {

struct LegacyService {
  std::string name, script;
};

enum class LegacyState : std::uint8_t { running, stopped, unknown };

class LegacyServices {
public:
  explicit LegacyServices(std::string directory) : directory_{std::move(directory)} {}
  // Those of the system, where it is the system's init that is talked to; nothing in a session. UPSTART_INIT_D names
  // another directory than /etc/init.d, and holds for sessions too.
  [[nodiscard]] static std::optional<LegacyServices> of(const Call& call);

  // Nothing where there is no such script. What belongs to System V itself (rc, rcS, functions), what packagers leave
  // behind and links to a job's wrapper (upstart-job) are no services.
  [[nodiscard]] std::optional<LegacyService> find(const std::string& name) const;
  // Sorted by name.
  [[nodiscard]] std::vector<LegacyService> all() const;

private:
  std::string directory_;
};

// Runs the script with the argument `status`, for at most five seconds; unknown: it does not say. One that knows no
// such argument is not run.
[[nodiscard]] LegacyState state_of(const LegacyService& service);
// The same of many, several at a time.
[[nodiscard]] std::vector<LegacyState> states_of(const std::vector<LegacyService>& services);

// Runs the script with this argument and the standard streams of this process to its end, in a plain environment with
// these variables. The error says how it failed.
[[nodiscard]] std::expected<void, std::string> run_script(const LegacyService& service, const std::string& argument,
                                                          const std::vector<std::string>& variables);

// "NAME start/running, System V script /etc/init.d/NAME"
[[nodiscard]] std::string to_text(const LegacyService& service, LegacyState state);
[[nodiscard]] Json to_json(const LegacyService& service, LegacyState state);

} // namespace upstart::client
