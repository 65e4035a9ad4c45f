#include "clients/system-v/system-files.hpp"

namespace upstart::client {

SystemFiles SystemFiles::of(const ProcessContext& context) {
  SystemFiles files;
  auto take = [&](const char* variable, std::string& path) {
    if (auto value = context.variable(variable); value && !value->empty()) path = *value;
  };
  take("UPSTART_UTMP", files.utmp);
  take("UPSTART_WTMP", files.wtmp);
  take("UPSTART_RUN_DIRECTORY", files.run_directory);
  take("UPSTART_DEVICE_DIRECTORY", files.device_directory);
  return files;
}

} // namespace upstart::client
