#include "clients/front/message.hpp"

#include <bit>
#include <cstring>

namespace upstart::client::front {

namespace {

enum class Type : std::uint8_t { call = 1, answer = 2, error = 3 };
enum class Field : std::uint8_t { path = 1, interface = 2, member = 3, error_name = 4, reply_to = 5, signature = 8 };

constexpr char byte_order = std::endian::native == std::endian::little ? 'l' : 'B';
constexpr char protocol_version = 1;
constexpr std::size_t fixed_header = 16;           // up to and with the length of the fields
constexpr std::size_t largest_message = 1U << 20U; // more is for a program that expects it
constexpr int deepest_nesting = 32;

void pad(std::string& bytes, std::size_t boundary) {
  bytes.resize((bytes.size() + boundary - 1) / boundary * boundary);
}

void put_number(std::string& bytes, std::size_t value) {
  pad(bytes, 4);
  auto number = static_cast<std::uint32_t>(value);
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_text(std::string& bytes, std::string_view text) {
  put_number(bytes, text.size());
  bytes.append(text);
  bytes += '\0';
}

void put_signature(std::string& bytes, std::string_view signature) {
  bytes += static_cast<char>(signature.size());
  bytes.append(signature);
  bytes += '\0';
}

void put_field(std::string& bytes, Field field, std::string_view type, std::string_view value) {
  pad(bytes, 8);
  bytes += static_cast<char>(field);
  put_signature(bytes, type);
  if (type == "g") put_signature(bytes, value);
  else put_text(bytes, value);
}

std::uint32_t number_at(std::string_view bytes, std::size_t position) {
  std::uint32_t number = 0;
  std::memcpy(&number, &bytes[position], sizeof number);
  return number;
}

// Of a basic type; 0: it is none, or has no fixed size.
std::size_t fixed_size(char type) {
  switch (type) {
  case 'y': return 1;
  case 'n':
  case 'q': return 2;
  case 'b':
  case 'i':
  case 'u':
  case 'h': return 4;
  case 'x':
  case 't':
  case 'd': return 8;
  default: return 0;
  }
}

std::size_t alignment(char type) {
  if (auto size = fixed_size(type)) return size;
  if (type == '(' || type == '{') return 8;
  return type == 'g' || type == 'v' ? 1 : 4;
}

// The signature behind its first complete type; empty also when there is none.
std::string_view behind_first(std::string_view signature) {
  std::size_t i = 0;
  while (i < signature.size() && signature[i] == 'a') ++i;
  int open = 0;
  while (i < signature.size()) {
    char c = signature[i++];
    if (c == '(' || c == '{') ++open;
    if (c == ')' || c == '}') --open;
    if (open == 0) break;
  }
  return signature.substr(i);
}

} // namespace

// --- writing
// -----------------------------------------------------------------------------------------------------------

Arguments& Arguments::text(std::string_view value) {
  signature_ += 's';
  put_text(bytes_, value);
  return *this;
}

Arguments& Arguments::texts(const std::vector<std::string>& values) {
  signature_ += "as";
  put_number(bytes_, 0);
  auto begin = bytes_.size();
  for (const auto& value : values) put_text(bytes_, value);
  auto size = static_cast<std::uint32_t>(bytes_.size() - begin);
  std::memcpy(&bytes_[begin - sizeof size], &size, sizeof size);
  return *this;
}

Arguments& Arguments::flag(bool value) {
  signature_ += 'b';
  put_number(bytes_, value ? 1 : 0);
  return *this;
}

std::string encoded(const Call& call, std::uint32_t serial) {
  const auto& body = call.arguments.bytes();
  std::string message{byte_order, static_cast<char>(Type::call), '\0', protocol_version};
  put_number(message, body.size());
  put_number(message, serial);
  put_number(message, 0); // the length of the fields, below
  put_field(message, Field::path, "o", call.path);
  put_field(message, Field::interface, "s", call.interface);
  put_field(message, Field::member, "s", call.method);
  if (!body.empty()) put_field(message, Field::signature, "g", call.arguments.signature());
  auto fields = static_cast<std::uint32_t>(message.size() - fixed_header);
  std::memcpy(&message[fixed_header - sizeof fields], &fields, sizeof fields);
  pad(message, 8);
  return message + body;
}

// --- reading
// -----------------------------------------------------------------------------------------------------------

Frame first_message(std::string_view received) {
  if (received.size() < fixed_header) return {};
  if (received[0] != byte_order || received[3] != protocol_version) return {.state = Framing::broken};
  std::size_t body = number_at(received, 4);
  std::size_t fields = number_at(received, 12);
  if (body > largest_message || fields > largest_message) return {.state = Framing::broken};
  auto size = (fixed_header + fields + 7) / 8 * 8 + body;
  return {.state = received.size() < size ? Framing::incomplete : Framing::complete, .size = size};
}

std::optional<Reply> reply_in(std::string_view message) {
  auto type = static_cast<Type>(message[1]);
  if (type != Type::answer && type != Type::error) return std::nullopt;
  Reply reply;
  Reader fields{message.substr(0, fixed_header + number_at(message, 12))};
  for (std::size_t skipped = 0; skipped < 3; ++skipped) (void)fields.number();
  auto end = fields.array_end(8);
  while (fields.position() < end) {
    fields.align(8);
    auto field = static_cast<Field>(fields.byte());
    auto signature = fields.signature();
    if (field == Field::reply_to && signature == "u") reply.to = fields.number();
    else if (field == Field::error_name && signature == "s") reply.error_name = fields.text();
    else fields.skip(signature);
  }
  if (!fields.is_sound() || reply.to == 0 || (type == Type::error) == reply.error_name.empty()) return std::nullopt;
  reply.body = message.substr(message.size() - number_at(message, 4));
  return reply;
}

std::string_view Reader::take(std::size_t size) {
  if (!sound_ || size > bytes_.size() - position_) {
    sound_ = false;
    return {};
  }
  position_ += size;
  return bytes_.substr(position_ - size, size);
}

void Reader::align(std::size_t boundary) { (void)take((boundary - position_ % boundary) % boundary); }

std::uint8_t Reader::byte() {
  auto taken = take(1);
  return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
}

std::uint32_t Reader::number() {
  align(4);
  auto taken = take(4);
  return taken.empty() ? 0 : number_at(taken, 0);
}

std::string Reader::text() {
  std::string value{take(number())};
  (void)take(1);
  return value;
}

std::string Reader::signature() {
  std::string value{take(byte())};
  (void)take(1);
  return value;
}

std::size_t Reader::array_end(std::size_t boundary) {
  auto size = number();
  align(boundary);
  if (!sound_ || size > bytes_.size() - position_) sound_ = false;
  return sound_ ? position_ + size : bytes_.size();
}

void Reader::skip(std::string_view signature) {
  while (sound_ && !signature.empty()) signature = skip_one(signature, 0);
}

std::string_view Reader::skip_one(std::string_view signature, int depth) {
  auto rest = behind_first(signature);
  char type = signature.front();
  if (depth > deepest_nesting) sound_ = false;
  if (!sound_) return rest;
  align(alignment(type));
  if (auto size = fixed_size(type)) {
    (void)take(size);
  } else if (type == 's' || type == 'o') {
    (void)text();
  } else if (type == 'g') {
    (void)this->signature();
  } else if (type == 'v') {
    auto inner = this->signature();
    if (inner.empty() || !skip_one(inner, depth + 1).empty()) sound_ = false;
  } else if (type == 'a' && signature.size() > 1) {
    auto end = array_end(alignment(signature[1]));
    if (sound_) position_ = end;
  } else if (type == '(' || type == '{') {
    auto whole = signature.substr(0, signature.size() - rest.size());
    if (!whole.ends_with(type == '(' ? ')' : '}')) sound_ = false;
    auto members = sound_ ? whole.substr(1, whole.size() - 2) : std::string_view{};
    while (sound_ && !members.empty()) members = skip_one(members, depth + 1);
  } else {
    sound_ = false;
  }
  return rest;
}

} // namespace upstart::client::front
