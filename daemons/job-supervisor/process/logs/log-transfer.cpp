#include "daemons/job-supervisor/process/logs/log-transfer.hpp"

#include "daemons/job-supervisor/process/logs/log-spool.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace upstart::supervisor {

namespace {

constexpr unsigned step_bits = 2, from_bits = 18;
constexpr std::uint64_t step_mask = (1U << step_bits) - 1, from_mask = (1U << from_bits) - 1;
static_assert(LogTransfer::most <= from_mask);

void copy_path(std::string_view path, std::array<char, 4096>& into) {
  std::size_t length = std::min(path.size(), into.size() - 1);
  std::memcpy(into.data(), path.data(), length);
  into[length] = '\0';
}

std::string path_in(std::array<char, 4096>& place) {
  place.back() = '\0';
  return place.data();
}

} // namespace

LogTransfer::LogTransfer(const std::string& path)
    : kept_{path, "transfer-3\n"},
      own_{kept_ ? nullptr : std::make_unique<Place>()},
      place_{kept_ ? kept_.operator->() : own_.get()} {}

LogTransfer::Progress LogTransfer::progress() const {
  std::uint64_t word = place_->progress;
  return {.step = static_cast<Step>(word & step_mask),
          .from = (word >> step_bits) & from_mask,
          .offset = word >> (step_bits + from_bits)};
}

// What was written before is in the memory before this is.
void LogTransfer::set(const Progress& progress) {
  auto word = static_cast<std::uint64_t>(progress.step) | (progress.from & from_mask) << step_bits |
              progress.offset << (step_bits + from_bits);
  std::atomic_signal_fence(std::memory_order_release);
  std::atomic_ref{place_->progress}.store(word, std::memory_order_relaxed);
}

LogTransfer::Left LogTransfer::left() {
  auto [step, from, offset] = progress();
  if (step == Step::none) return {};
  if (step == Step::reading && place_->size == 0) {
    std::string_view all{place_->text.data(), most};
    std::size_t last = all.find_last_not_of('\0');
    has_read(last == all.npos ? 0 : last + 1);
  }
  std::string_view text{place_->text.data(), std::min<std::size_t>(place_->size, most)};
  Left left{.log = path_in(place_->log), .text = {}, .from = std::min<std::size_t>(from, text.size())};
  text.remove_prefix(left.from);
  std::size_t written = 0;
  if (step == Step::writing) written = standing_at(left.log, offset, text);
  if (step == Step::writing_elsewhere) written = standing_at(path_in(place_->elsewhere), offset, text);
  left.from += written;
  left.text = text.substr(written);
  set({.step = Step::reading, .from = left.from}); // the files may change from now on
  return left;
}

std::span<char> LogTransfer::begin(std::string_view log) {
  copy_path(log, place_->log);
  place_->size = 0;
  set({.step = Step::reading});
  return place_->text;
}

void LogTransfer::is_written_at(const std::string& file, std::uint64_t size, std::size_t from) {
  bool is_log = file == place_->log.data();
  if (!is_log) copy_path(file, place_->elsewhere);
  set({.step = is_log ? Step::writing : Step::writing_elsewhere, .from = from, .offset = size});
}

void LogTransfer::end() {
  set({.step = Step::none});
  std::memset(place_->text.data(), 0, place_->size);
  place_->size = 0;
}

} // namespace upstart::supervisor
