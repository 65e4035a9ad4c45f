#include "daemons/timer-bridge/clock/time-zones.hpp"

#include <cstdlib>
#include <ctime>
#include <optional>

namespace upstart::timer_bridge {

namespace {

std::optional<std::string> own_zone() {
  const char* value = std::getenv("TZ");
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

// The C library knows one zone at a time, that of the environment; the process has one thread.
class ZoneOfLibrary final : public Zone {
public:
  explicit ZoneOfLibrary(std::string name) : name_{std::move(name)} {}

  [[nodiscard]] std::chrono::seconds offset_at(WallTime time) const override {
    static const auto own = own_zone();
    static std::optional<std::string> in_force; // nothing: none yet
    if (in_force != name_) {
      auto wanted = name_.empty() ? own : std::optional{":" + name_};
      if (wanted) ::setenv("TZ", wanted->c_str(), 1);
      else ::unsetenv("TZ");
      ::tzset();
      in_force = name_;
    }
    std::time_t seconds = time.time_since_epoch().count();
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return std::chrono::seconds{parts.tm_gmtoff};
  }

private:
  std::string name_;
};

} // namespace

std::shared_ptr<const Zone> zone_of(const std::string& name) { return std::make_shared<ZoneOfLibrary>(name); }

} // namespace upstart::timer_bridge
