// The root directory of a machine, made in a temporary directory: the system's programs, as links to what will be
// mounted, and a few files of /etc; removed when it goes.
#pragma once

#include <map>
#include <string>

namespace upstart::test {

class ScratchRoot {
public:
  // With the programs of `bin` in /upstart: linked or copied, so that a test may remove or replace one.
  explicit ScratchRoot(const std::string& bin);
  ScratchRoot(const ScratchRoot&) = delete;
  ScratchRoot& operator=(const ScratchRoot&) = delete;
  ~ScratchRoot();

  [[nodiscard]] const std::string& path() const { return path_; }
  // A file by its path inside; one that begins with "#!" is executable.
  void write(const std::string& path, const std::string& text) const;

  // Makes this the root of the present mount namespace, which must be a new one. False, with errno: it cannot be.
  [[nodiscard]] bool enter(bool with_dev, const std::string& console) const;

private:
  std::string path_;
};

} // namespace upstart::test
