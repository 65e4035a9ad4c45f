#include "daemons/job-supervisor/process/logs/labelled-output.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace upstart::supervisor {

namespace {

using namespace std::chrono_literals;

constexpr auto time_to_retry = 20ms;
constexpr int last_attempts = 10; // of a supervisor that ends

} // namespace

LabelledOutput::LabelledOutput(base::EventLoop& loop, int fd) : stream_{fd}, retry_{loop, [this] { try_again(); }} {}

LabelledOutput::~LabelledOutput() {
  for (int attempt = 0; !write_kept() && attempt < last_attempts; ++attempt) std::this_thread::sleep_for(time_to_retry);
}

void LabelledOutput::write(const std::string& label, std::string& begun, std::string_view text) {
  const std::size_t room = longest_line - std::min(longest_line / 2, label.size() + 3);
  while (!text.empty()) {
    auto end = text.find('\n');
    auto piece = text.substr(0, std::min(end, room - begun.size()));
    begun += piece;
    text.remove_prefix(piece.size());
    if (text.starts_with('\n')) text.remove_prefix(1);
    else if (begun.size() < room || text.empty()) return; // no more of it yet
    write_line(std::exchange(begun, {}).insert(0, label + ": ") + "\n");
  }
}

void LabelledOutput::end_line(const std::string& label, std::string& begun) {
  if (!begun.empty()) write_line(std::exchange(begun, {}).insert(0, label + ": ") + "\n");
}

void LabelledOutput::write_line(std::string line) {
  if (kept_.empty() && dropped_ == 0 && stream_.try_write(line)) return;
  if (kept_size_ + line.size() > most_kept) {
    ++dropped_;
  } else {
    kept_size_ += line.size();
    kept_.push_back(std::move(line));
  }
  if (!retry_.active()) retry_.start(time_to_retry);
}

// True if nothing is left.
bool LabelledOutput::write_kept() {
  for (; !kept_.empty(); kept_.pop_front()) {
    if (!stream_.try_write(kept_.front())) return false;
    kept_size_ -= kept_.front().size();
  }
  if (dropped_ > 0 && stream_.try_write("init: " + std::to_string(dropped_) +
                                        " lines that jobs have printed were dropped, since nobody read them\n"))
    dropped_ = 0;
  return dropped_ == 0;
}

void LabelledOutput::try_again() {
  if (!write_kept()) retry_.start(time_to_retry);
}

} // namespace upstart::supervisor
