// The supplementary groups of processes that run as the supervisor's own user, as /etc/passwd and /etc/group say. Read
// anew when one of these has changed: most starts only look whether they have.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace upstart::supervisor {

class OwnGroups {
public:
  using Groups = std::shared_ptr<const std::vector<gid_t>>;
  // As of now.
  [[nodiscard]] Groups current();

private:
  struct File {
    dev_t device;
    ino_t number;
    off_t size;
    std::array<long, 4> changed; // seconds and nanoseconds
    friend bool operator==(const File&, const File&) = default;
  };
  [[nodiscard]] static std::optional<File> look_at(const char* path);

  std::array<std::optional<File>, 2> files_; // as they were read
  Groups groups_;
};

} // namespace upstart::supervisor
