// Values as bytes and back: how the fields of a journal record are written. A number takes 8 bytes in the order of this
// machine, a truth value one, a text its length and its bytes, a list its length and its entries. Pure: no file, no
// loop.
//
// Nothing in the bytes says what comes next: the reader asks for the same kinds in the same order as they were written.
// It may be given any bytes. At the first that cannot be right it fails and stays so: everything that is read from then
// on is zero or empty, so that one look at `outcome` at the end is enough. A length is believed only as far as there
// are bytes for it.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace upstart::base {

template <typename T>
concept Number = std::integral<T> && !std::same_as<T, bool>;

template <typename T>
concept Enumeration = std::is_enum_v<T>;

// Appends to a string that somebody else owns.
class ByteWriter {
public:
  explicit ByteWriter(std::string& bytes) : bytes_{bytes} {}

  void number(Number auto value) {
    auto wide = static_cast<std::uint64_t>(value);
    bytes_.append(reinterpret_cast<const char*>(&wide), sizeof wide);
  }
  void truth(bool value) { bytes_ += value ? '\1' : '\0'; }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  void texts(const std::vector<std::string>& values) {
    list(values, [this](const std::string& value) { text(value); });
  }
  // An enumerator, by its number.
  void choice(Enumeration auto value) { bytes_ += static_cast<char>(value); }
  // Any range with a size; `write` is called with each entry and writes its fields.
  template <typename Range, typename Write> void list(const Range& values, Write&& write) {
    number(values.size());
    for (const auto& value : values) write(value);
  }
  // A value that may be missing; `write` is called with it if it is there.
  template <typename T, typename Write> void optional(const std::optional<T>& value, Write&& write) {
    truth(value.has_value());
    if (value) write(*value);
  }

private:
  std::string& bytes_;
};

// Reads from bytes that somebody else owns and that outlive it.
class ByteReader {
public:
  explicit ByteReader(std::string_view bytes) : bytes_{bytes} {}

  template <Number T = std::uint64_t> T number() {
    using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    Wide wide = 0;
    if (auto taken = take(sizeof wide); !taken.empty()) std::memcpy(&wide, taken.data(), sizeof wide);
    if (std::in_range<T>(wide)) return static_cast<T>(wide);
    fail("a number is too large");
    return 0;
  }
  bool truth() { return byte() != 0; }
  std::string text() { return std::string{take(number())}; }
  std::vector<std::string> texts() {
    return list([this] { return text(); });
  }
  // An enumerator whose number is at most that of `last`.
  template <Enumeration T> T choice(T last) {
    auto value = byte();
    if (value > static_cast<unsigned>(last)) fail("a value is not among the known ones");
    return failed() ? T{} : static_cast<T>(value);
  }
  // `read` reads the fields of one entry and returns it. An entry takes at least one byte.
  template <typename Read> std::vector<std::invoke_result_t<Read>> list(Read&& read) {
    std::vector<std::invoke_result_t<Read>> values;
    for (auto left = number(); left > 0 && !failed(); --left) values.push_back(read());
    return values;
  }
  template <typename Read> std::optional<std::invoke_result_t<Read>> optional(Read&& read) {
    std::optional<std::invoke_result_t<Read>> value;
    if (truth()) value = read();
    return value;
  }
  // As it stands: 0…255.
  unsigned byte() {
    auto taken = take(1);
    return taken.empty() ? 0 : static_cast<unsigned char>(taken.front());
  }

  // For a reader of fields that finds a value it cannot use. The first reason stays.
  void fail(std::string why) {
    if (!failed()) fault_ = std::move(why);
    bytes_ = {};
  }
  [[nodiscard]] bool failed() const { return !fault_.empty(); }
  // Nothing is left: what a later form has added is not there.
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }
  // Whether everything could be read, and nothing is left over; the error says what is wrong with the bytes.
  [[nodiscard]] std::expected<void, std::string> outcome() const {
    if (failed()) return std::unexpected(fault_);
    if (!bytes_.empty()) return std::unexpected("a record goes on after its end");
    return {};
  }

private:
  // Empty when it fails, or when nothing was asked for.
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) {
      fail("a record ends too early");
      return {};
    }
    auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::string_view bytes_;
  std::string fault_;
};

} // namespace upstart::base
