// Where D-Bus messages begin and end in a stream of bytes, by the sixteen bytes that each begins with. A value: whoever
// wants to look ahead copies it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace upstart::base {

class MessageFrames {
public:
  static constexpr std::size_t header_size = 16;

  // The next byte is the first of a message.
  [[nodiscard]] bool at_begin() const { return position_ == 0; }
  // What came last was no D-Bus message; where the next one begins cannot be known.
  [[nodiscard]] bool lost() const { return size_ == 0; }
  // Takes bytes up to the end of the message that is being followed; how many they were. All of them when lost.
  std::size_t follow(std::span<const unsigned char> bytes) {
    if (lost()) return bytes.size();
    auto taken = std::min(bytes.size(), size_ - position_);
    // What lies behind the header is of no interest here, but the header may come in pieces.
    auto of_header = position_ < header_size ? std::min(taken, header_size - position_) : 0;
    std::copy_n(bytes.begin(), of_header, header_.begin() + static_cast<std::ptrdiff_t>(position_));
    position_ += taken;
    if (size_ == header_size && position_ == header_size) size_ = size_of_message();
    if (size_ > header_size && taken < bytes.size() && position_ < size_) {
      auto rest = std::min(bytes.size() - taken, size_ - position_);
      position_ += rest;
      taken += rest;
    }
    if (size_ != 0 && position_ == size_) *this = {};
    return taken;
  }

private:
  [[nodiscard]] std::uint32_t number_at(std::size_t place) const {
    bool little = header_[0] == 'l';
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{header_[place + i]} << (8 * (little ? i : 3 - i));
    return value;
  }
  // 0 where no message begins so.
  [[nodiscard]] std::size_t size_of_message() const {
    if (header_[0] != 'l' && header_[0] != 'B') return 0;
    std::size_t body = number_at(4), fields = number_at(12);
    return header_size + (fields + 7) / 8 * 8 + body;
  }

  std::array<unsigned char, header_size> header_{};
  std::size_t position_ = 0;       // in the message that is followed
  std::size_t size_ = header_size; // of it, as far as it is known; 0: lost
};

} // namespace upstart::base
