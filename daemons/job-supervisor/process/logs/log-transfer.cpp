#include "daemons/job-supervisor/process/logs/log-transfer.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

// How much of the text stands in the file at this place already.
std::size_t written_of(std::string_view text, const char* path, std::uint64_t offset) {
  base::FileDescriptor file{::open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (!file) return 0;
  std::string there(text.size(), '\0');
  ssize_t got = ::pread(file.get(), there.data(), there.size(), static_cast<off_t>(offset));
  if (got <= 0) return 0;
  there.resize(static_cast<std::size_t>(got));
  return text.starts_with(there) ? there.size() : 0;
}

} // namespace

LogTransfer::LogTransfer(const std::string& path)
    : kept_{path, "transfer-2\n"},
      own_{kept_ ? nullptr : std::make_unique<Place>()},
      place_{kept_ ? kept_.operator->() : own_.get()} {}

LogTransfer::Left LogTransfer::take_left() {
  Left left;
  place_->log.back() = '\0';
  left.log = place_->log.data();
  std::string_view text{place_->text.data(), std::min<std::size_t>(place_->size, most)};
  if (place_->step == Step::reading && text.empty()) {
    std::string_view all{place_->text.data(), most};
    std::size_t last = all.find_last_not_of('\0');
    text = all.substr(0, last == all.npos ? 0 : last + 1);
  }
  if (place_->step == Step::writing) text.remove_prefix(written_of(text, place_->log.data(), place_->offset));
  if (place_->step != Step::none) left.text = text;
  place_->step = Step::none;
  place_->text = {};
  return left;
}

std::span<char> LogTransfer::begin(std::string_view log) {
  std::size_t length = std::min(log.size(), place_->log.size() - 1);
  std::memcpy(place_->log.data(), log.data(), length);
  place_->log[length] = '\0';
  place_->size = 0;
  place_->step = Step::reading;
  return place_->text;
}

void LogTransfer::is_written_at(std::uint64_t offset) {
  place_->offset = offset;
  std::atomic_signal_fence(std::memory_order_release);
  place_->step = Step::writing;
}

void LogTransfer::end() {
  place_->step = Step::none;
  std::atomic_signal_fence(std::memory_order_release);
  std::memset(place_->text.data(), 0, place_->size);
  place_->size = 0;
}

} // namespace upstart::supervisor
