// An environment: an ordered list of KEY=VALUE strings with distinct keys, as events and jobs carry it and as it
// travels over D-Bus (`as`). Order is that of first insertion; events match positional arguments by it.
//
// Copies share their strings until one of them is changed: a copy costs a count. Not for several threads.
#pragma once

#include <array>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::protocol {

class Environment {
public:
  Environment() = default;
  // Takes the strings as they are, later ones replacing earlier ones of the same key. Strings without a key or
  // without "=" must have been refused before (see `parse`); here they are dropped.
  explicit Environment(const std::vector<std::string>& strings);

  // Strings that came from outside: the error is the text of D-Bus error InvalidArgs, "Env must be KEY=VALUE pairs".
  [[nodiscard]] static std::expected<Environment, std::string> parse(const std::vector<std::string>& strings);

  // The value of a key; nothing where there is no such key.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const { return get(key).has_value(); }
  // Replaces the value where the key stands, or appends.
  void set(std::string_view key, std::string_view value);
  // The same with "KEY=VALUE"; `replace` false keeps a value that is there.
  void set_string(std::string_view key_value, bool replace = true);
  // True if there was such a key.
  bool unset(std::string_view key);
  // Every string of `other`, in its order; its values win, or with `replace` false give way.
  void merge(const Environment& other, bool replace = true);
  void clear() { strings_.reset(); }

  // Good until this environment is changed.
  [[nodiscard]] const std::vector<std::string>& strings() const {
    static const Strings none;
    return strings_ ? *strings_ : none;
  }
  [[nodiscard]] bool empty() const { return strings().empty(); }
  [[nodiscard]] std::size_t size() const { return strings().size(); }
  // Whether the two are copies that share their strings.
  [[nodiscard]] bool shares_with(const Environment& other) const { return strings_ && strings_ == other.strings_; }

  friend bool operator==(const Environment& one, const Environment& other) {
    return one.strings_ == other.strings_ || one.strings() == other.strings();
  }

private:
  friend class RecentEnvironments;
  using Strings = std::vector<std::string>;

  // For changes: nobody else has them.
  [[nodiscard]] Strings& own();
  // Many at once, in linear time; those that are not well formed are dropped.
  void set_strings(const Strings& strings, bool replace);

  std::shared_ptr<Strings> strings_; // nothing: empty
};

// The environments that were kept last, so that equal ones share their strings: a thousand services that one event has
// started have one. As many as there are slots; who keeps an environment that was forgotten here keeps it alone.
class RecentEnvironments {
public:
  // Of one that is to be kept: it shares the strings of an equal one, or has them without room for more.
  void share(Environment& environment);

private:
  std::array<std::weak_ptr<Environment::Strings>, 64> slots_;
};

// The two halves of KEY=VALUE; the key is all of it where there is no "=".
[[nodiscard]] std::string_view key_of(std::string_view key_value);
[[nodiscard]] std::string_view value_of(std::string_view key_value);

// Why a list of strings cannot be an environment, if so: the text that InvalidArgs carries.
[[nodiscard]] std::optional<std::string> environment_fault(const std::vector<std::string>& strings);

} // namespace upstart::protocol
