// The descriptors that a daemon asked init to keep, by name; they are handed to it again each time it is started. A
// name may have several. What is kept is bounded, by number and by what the names take in the environment.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upstart::init {

class DescriptorStore {
public:
  static constexpr std::size_t most_descriptors = 16'384;
  static constexpr std::size_t most_name_bytes = 100'000; // one string of an environment may have 128 KiB

  // Why it cannot be kept; it is closed then. The same open file twice under one name is kept once.
  [[nodiscard]] std::expected<void, std::string> keep(std::string_view name, base::FileDescriptor descriptor);
  void forget(std::string_view name);
  void clear();

  // Still owned here.
  [[nodiscard]] std::vector<std::pair<std::string, int>> all() const;
  [[nodiscard]] std::size_t size() const { return kept_.size(); }

private:
  [[nodiscard]] bool has(std::string_view name, int fd) const;

  std::multimap<std::string, base::FileDescriptor, std::less<>> kept_;
  std::size_t name_bytes_ = 0;
};

} // namespace upstart::init
