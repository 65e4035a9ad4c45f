// As much of the D-Bus message format as a client needs that calls methods and reads the answers: strings, lists of
// strings and booleans are written; what comes back is read with every length checked. Messages of this machine's byte
// order only, which is what another process of it sends. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::client::front {

// The arguments of a call, in the order of its signature.
class Arguments {
public:
  Arguments& text(std::string_view value);
  Arguments& texts(const std::vector<std::string>& values);
  Arguments& flag(bool value);

  [[nodiscard]] const std::string& signature() const { return signature_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

private:
  std::string signature_, bytes_;
};

struct Call {
  std::string path, interface, method;
  Arguments arguments = {};
};
// On the wire, to a peer that is no bus.
[[nodiscard]] std::string encoded(const Call& call, std::uint32_t serial);

struct Reply {
  std::uint32_t to = 0;   // the serial of the call
  std::string error_name; // empty: it is the answer that was hoped for
  std::string body;
};

enum class Framing : std::uint8_t { incomplete, complete, broken };
struct Frame {
  Framing state = Framing::incomplete;
  std::size_t size = 0; // of a complete message, in bytes
};
// The message at the beginning of what has been received; broken: too large, or no D-Bus of this byte order.
[[nodiscard]] Frame first_message(std::string_view received);
// What a complete message answers; nothing: it is no answer (a signal), or malformed.
[[nodiscard]] std::optional<Reply> reply_in(std::string_view message);

// Walks over a body. What is malformed makes everything from there on empty, and `is_sound` false.
class Reader {
public:
  explicit Reader(std::string_view bytes) : bytes_{bytes} {}

  [[nodiscard]] bool is_sound() const { return sound_; }
  [[nodiscard]] bool at_end() const { return !sound_ || position_ == bytes_.size(); }
  [[nodiscard]] std::uint8_t byte();
  [[nodiscard]] std::uint32_t number();
  [[nodiscard]] std::string text(); // or an object path
  [[nodiscard]] std::string signature();
  void align(std::size_t boundary);
  // Over one value for each complete type of the signature.
  void skip(std::string_view signature);
  // Where the array ends that begins here, whose elements have this alignment; then read until `position` is there.
  [[nodiscard]] std::size_t array_end(std::size_t boundary);
  [[nodiscard]] std::size_t position() const { return sound_ ? position_ : bytes_.size(); }

private:
  [[nodiscard]] std::string_view take(std::size_t size);
  // Skips the first complete type of the signature; what is left of that.
  [[nodiscard]] std::string_view skip_one(std::string_view signature, int depth);

  std::string_view bytes_;
  std::size_t position_ = 0;
  bool sound_ = true;
};

} // namespace upstart::client::front
