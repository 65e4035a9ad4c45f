// Descriptors that must outlive the supervisor: terminals of console logs, what readiness waits on. init holds a copy
// of each (FDSTORE of the sd_notify convention) and hands all of them to the next supervisor, which takes each up again
// by its number. Never waits long for init, and without one, or when its store is full, all works but for the death of
// the supervisor. Owned by ProcessServices.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upstart::supervisor {

class KeptDescriptors;

// That init keeps a descriptor under this number; forgotten when this goes.
class Keeping {
public:
  Keeping() = default;
  Keeping(KeptDescriptors& all, std::uint64_t number) : all_{&all}, number_{number} {}
  ~Keeping() { reset(); }
  Keeping(Keeping&& other) noexcept : all_{other.all_}, number_{std::exchange(other.number_, 0)} {}
  Keeping& operator=(Keeping&& other) noexcept {
    std::swap(all_, other.all_);
    std::swap(number_, other.number_);
    return *this;
  }
  void reset();
  // 0: it is not kept.
  [[nodiscard]] std::uint64_t number() const { return number_; }

private:
  KeptDescriptors* all_ = nullptr;
  std::uint64_t number_ = 0;
};

struct KeptDescriptor {
  base::FileDescriptor fd;
  Keeping keeping;
  std::string label;
};

class KeptDescriptors {
public:
  using Warn = std::function<void(const std::string&)>;
  explicit KeptDescriptors(Warn warn) : warn_{std::move(warn)} {}
  KeptDescriptors(const KeptDescriptors&) = delete;
  KeptDescriptors& operator=(const KeptDescriptors&) = delete;

  // Takes those that an earlier supervisor had kept out of what was inherited, by name.
  void inherit(std::multimap<std::string, base::FileDescriptor>& inherited);

  // Asks init to keep a copy. `label` is handed back with it; a long one, and one that is no name for init, is dropped.
  // Where it cannot be kept the number is 0, and the first time a warning says why.
  [[nodiscard]] Keeping keep(int fd, std::string_view label = {});
  // One of those inherited; empty when it is not there.
  [[nodiscard]] KeptDescriptor take(std::uint64_t number);
  // The first inherited one for which it holds; empty when there is none.
  [[nodiscard]] KeptDescriptor take_if(const std::function<bool(int fd)>& holds);
  // Those inherited that nobody has taken.
  [[nodiscard]] std::vector<KeptDescriptor> take_rest();

private:
  friend class Keeping;
  struct Inherited {
    base::FileDescriptor fd;
    std::string label;
  };
  void forget(std::uint64_t number);
  [[nodiscard]] bool has_room(std::size_t name_size) const;
  [[nodiscard]] int send(const std::string& message, int fd);
  [[nodiscard]] bool connect();

  Warn warn_;
  base::FileDescriptor manager_; // connected to NOTIFY_SOCKET once it is needed
  bool no_manager_ = false, warned_ = false;
  std::uint64_t last_number_ = 0;
  std::size_t name_bytes_ = 0;
  std::map<std::uint64_t, std::string> names_; // of those kept
  std::map<std::uint64_t, Inherited> inherited_;
};

} // namespace upstart::supervisor
