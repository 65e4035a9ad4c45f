#include "protocol/environment.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace upstart::protocol {

namespace {

auto find_key(auto& strings, std::string_view key) {
  return std::ranges::find_if(strings, [&](const std::string& entry) {
    return entry.size() > key.size() && entry[key.size()] == '=' && entry.starts_with(key);
  });
}

bool well_formed(std::string_view entry) {
  auto equals = entry.find('=');
  return equals != std::string_view::npos && equals > 0 && entry.find('\0') == std::string_view::npos;
}

// Where each key stands, for work on many entries at once: looking for every key anew would be quadratic. Worth making
// from `many` entries on. Strings may be replaced meanwhile, as long as they keep their keys.
class KeyPlaces {
public:
  static constexpr std::size_t many = 32;
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  // `room`: as many entries as there will be at most.
  KeyPlaces(const std::vector<std::string>& strings, std::size_t room)
      : strings_{strings}, slots_(std::bit_ceil(room * 2 + 1), nowhere) {
    for (std::size_t place = 0; place < strings.size(); ++place) slot(key_of(strings[place])) = place;
  }
  // The place of this key, or `nowhere`, to be filled in by whoever appends it.
  std::size_t& slot(std::string_view key) {
    auto at = std::hash<std::string_view>{}(key);
    while (slots_[at & (slots_.size() - 1)] != nowhere && key_of(strings_[slots_[at & (slots_.size() - 1)]]) != key)
      ++at;
    return slots_[at & (slots_.size() - 1)];
  }

private:
  const std::vector<std::string>& strings_;
  std::vector<std::size_t> slots_;
};

} // namespace

std::string_view key_of(std::string_view key_value) { return key_value.substr(0, key_value.find('=')); }

std::string_view value_of(std::string_view key_value) {
  auto equals = key_value.find('=');
  return equals == std::string_view::npos ? std::string_view{} : key_value.substr(equals + 1);
}

std::optional<std::string> environment_fault(const std::vector<std::string>& strings) {
  if (std::ranges::all_of(strings, well_formed)) return std::nullopt;
  return "Env must be KEY=VALUE pairs";
}

Environment::Environment(const std::vector<std::string>& strings) {
  if (strings.empty()) return;
  own().reserve(strings.size());
  if (strings.size() >= KeyPlaces::many) {
    set_strings(strings, true);
    return;
  }
  for (const auto& entry : strings)
    if (well_formed(entry)) set_string(entry);
}

std::expected<Environment, std::string> Environment::parse(const std::vector<std::string>& strings) {
  if (auto fault = environment_fault(strings)) return std::unexpected(*fault);
  return Environment{strings};
}

Environment::Strings& Environment::own() {
  if (!strings_) strings_ = std::make_shared<Strings>();
  else if (strings_.use_count() > 1) strings_ = std::make_shared<Strings>(*strings_);
  return *strings_;
}

std::optional<std::string_view> Environment::get(std::string_view key) const {
  auto found = find_key(strings(), key);
  if (found == strings().end()) return std::nullopt;
  return value_of(*found);
}

void Environment::set(std::string_view key, std::string_view value) {
  std::string entry;
  entry.reserve(key.size() + 1 + value.size());
  entry.append(key).append("=").append(value);
  set_string(entry);
}

void Environment::set_string(std::string_view key_value, bool replace) {
  auto found = find_key(strings(), key_of(key_value));
  if (found == strings().end()) own().emplace_back(key_value);
  else if (replace && *found != key_value) {
    auto place = found - strings().begin();
    own()[static_cast<std::size_t>(place)] = key_value;
  }
}

bool Environment::unset(std::string_view key) {
  auto found = find_key(strings(), key);
  if (found == strings().end()) return false;
  auto place = found - strings().begin();
  auto& strings = own();
  strings.erase(strings.begin() + place);
  return true;
}

void Environment::set_strings(const Strings& strings, bool replace) {
  auto& mine = own();
  KeyPlaces places{mine, mine.size() + strings.size()};
  for (const auto& entry : strings) {
    if (!well_formed(entry)) continue;
    auto& place = places.slot(key_of(entry));
    if (place == KeyPlaces::nowhere) {
      place = mine.size();
      mine.push_back(entry);
    } else if (replace) {
      mine[place] = entry;
    }
  }
}

void Environment::merge(const Environment& other, bool replace) {
  if (empty() || other.shares_with(*this)) {
    strings_ = other.strings_;
    return;
  }
  if (other.size() >= KeyPlaces::many) return set_strings(other.strings(), replace);
  for (const auto& entry : other.strings()) set_string(entry, replace);
}

void RecentEnvironments::share(Environment& environment) {
  if (environment.empty()) return environment.clear();
  std::size_t hash = 0;
  for (const auto& entry : environment.strings()) hash = hash * 31 + std::hash<std::string>{}(entry);
  auto& slot = slots_[hash % slots_.size()];
  auto kept = slot.lock();
  if (!kept || *kept != environment.strings()) {
    kept = std::make_shared<Environment::Strings>(environment.strings()); // a copy has no room for more
    slot = kept;
  }
  environment.strings_ = std::move(kept);
}

} // namespace upstart::protocol
