#include "daemons/base/files/mapped-room.hpp"

#include "daemons/base/fault-point.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

namespace upstart::base {

namespace {

constexpr std::size_t usual_room = std::size_t{64} << 10U;
constexpr std::size_t place_size = sizeof(std::uint32_t);

// Where a store of four bytes is one instruction wherever they lie: the death of the process does not tear it.
#if defined(__x86_64__) || defined(__aarch64__)
constexpr bool stores_are_whole = true;
#else
constexpr bool stores_are_whole = false;
#endif

void publish(char* place, const char* bytes) {
  std::atomic_thread_fence(std::memory_order_release);
  std::memcpy(place, bytes, place_size);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

// Elsewhere a page that was taken may fail when it is written, which ends the process.
bool keeps_pages_in_memory(int file) {
  struct statfs where{};
  return ::fstatfs(file, &where) == 0 && where.f_type == TMPFS_MAGIC;
}

} // namespace

std::optional<MappedRoom> MappedRoom::make(int file, std::uint64_t end, std::size_t least) {
  if (!stores_are_whole || !keeps_pages_in_memory(file)) return std::nullopt;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  auto begin = end / page * page;
  auto used = static_cast<std::size_t>(end - begin);
  auto size = (used + std::max(least, usual_room) + page - 1) / page * page;
  void* memory = MAP_FAILED;
  if (::fallocate(file, 0, static_cast<off_t>(end), static_cast<off_t>(size - used)) == 0)
    memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, static_cast<off_t>(begin));
  if (memory != MAP_FAILED) return MappedRoom{file, begin, static_cast<char*>(memory), size, used};
  (void)!::ftruncate(file, static_cast<off_t>(end));
  return std::nullopt;
}

std::optional<MappedRoom> MappedRoom::make_again(int file, std::uint64_t size, std::string_view content) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  if (memory == MAP_FAILED) return std::nullopt;
  MappedRoom room{file, 0, static_cast<char*>(memory), size, size};
  room.begin_again(content);
  return room;
}

// What was never used is zeros already.
void MappedRoom::begin_again(std::string_view content) {
  std::ranges::copy(content, memory_);
  if (content.size() < used_) std::fill(memory_ + content.size(), memory_ + used_, '\0');
  used_ = content.size();
}

MappedRoom::MappedRoom(MappedRoom&& other) noexcept
    : file_{other.file_},
      begin_{other.begin_},
      memory_{std::exchange(other.memory_, nullptr)},
      size_{other.size_},
      used_{other.used_} {}

MappedRoom::~MappedRoom() {
  if (memory_ == nullptr) return;
  ::munmap(memory_, size_);
  (void)!::ftruncate(file_, static_cast<off_t>(begin_ + used_));
}

void MappedRoom::leave() {
  if (memory_ != nullptr) ::munmap(std::exchange(memory_, nullptr), size_);
}

void MappedRoom::put(std::string_view bytes, std::span<const std::size_t> places) {
  char* to = memory_ + used_;
  std::size_t copied = 0;
  for (auto place : places) {
    std::memcpy(to + copied, bytes.data() + copied, place - copied);
    copied = place + place_size;
  }
  std::memcpy(to + copied, bytes.data() + copied, bytes.size() - copied);
  fault_point("journal.copied");
  for (auto place : places) publish(to + place, bytes.data() + place);
  used_ += bytes.size();
}

} // namespace upstart::base
