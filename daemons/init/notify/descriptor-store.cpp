#include "daemons/init/notify/descriptor-store.hpp"

#include <linux/kcmp.h>
#include <sys/syscall.h>

#include <algorithm>
#include <format>

namespace upstart::init {

namespace {

constexpr std::size_t longest_name = 255;

// The rule of the LISTEN_FDNAMES convention.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name &&
         std::ranges::all_of(name, [](char byte) { return byte >= ' ' && byte < '\x7f' && byte != ':'; });
}

// Where the kernel does not say, they count as different: kept twice, which does no harm.
bool same_open_file(int one, int other) {
  pid_t self = ::getpid();
  return ::syscall(SYS_kcmp, self, self, KCMP_FILE, one, other) == 0;
}

} // namespace

std::expected<void, std::string> DescriptorStore::keep(std::string_view name, base::FileDescriptor descriptor) {
  if (!is_name(name))
    return std::unexpected(
        std::format("\"{}\" is no name for a descriptor: 1 to {} printable ASCII characters other than ':' make one",
                    name, longest_name));
  if (has(name, descriptor.get())) return {};
  if (kept_.size() == most_descriptors)
    return std::unexpected(std::format("{} descriptors are kept, no more can be", kept_.size()));
  if (name_bytes_ + name.size() + 1 > most_name_bytes)
    return std::unexpected(
        std::format("the names of the {} descriptors kept are too long together, no more can be kept", kept_.size()));
  name_bytes_ += name.size() + 1;
  kept_.emplace(name, std::move(descriptor));
  return {};
}

void DescriptorStore::forget(std::string_view name) {
  auto [first, last] = kept_.equal_range(name);
  name_bytes_ -= static_cast<std::size_t>(std::distance(first, last)) * (name.size() + 1);
  kept_.erase(first, last);
}

std::vector<std::pair<std::string, int>> DescriptorStore::all() const {
  std::vector<std::pair<std::string, int>> result;
  for (const auto& [name, descriptor] : kept_) result.emplace_back(name, descriptor.get());
  return result;
}

bool DescriptorStore::has(std::string_view name, int fd) const {
  auto [first, last] = kept_.equal_range(name);
  return std::any_of(first, last, [fd](const auto& kept) { return same_open_file(kept.second.get(), fd); });
}

void DescriptorStore::clear() {
  kept_.clear();
  name_bytes_ = 0;
}

} // namespace upstart::init
