// A map in one piece of memory, sorted by its keys: for keys that are numbers and mostly come in ascending order, such
// as ids and pids, of which there may be ten thousand. A node of its own for each would take three times the room.
// Looked up by halving; adding a key behind all others costs what adding to a vector does, elsewhere the others move.
// Iterators and references are good until the next change.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace upstart::base {

template <class Key, class Value> class FlatMap {
public:
  using Entry = std::pair<Key, Value>;
  using iterator = typename std::vector<Entry>::iterator;
  using const_iterator = typename std::vector<Entry>::const_iterator;

  [[nodiscard]] iterator find(Key key) {
    auto place = place_of(key);
    return place != entries_.end() && place->first == key ? place : entries_.end();
  }
  [[nodiscard]] const_iterator find(Key key) const {
    auto place = std::ranges::lower_bound(entries_, key, {}, &Entry::first);
    return place != entries_.end() && place->first == key ? place : entries_.end();
  }
  [[nodiscard]] bool contains(Key key) const { return find(key) != end(); }
  // The second: whether it was not there before; else the value stays as it is.
  std::pair<iterator, bool> emplace(Key key, Value value) {
    auto place = place_of(key);
    if (place != entries_.end() && place->first == key) return {place, false};
    return {entries_.insert(place, Entry{key, std::move(value)}), true};
  }
  void insert_or_assign(Key key, Value value) {
    auto [place, is_new] = emplace(key, value);
    if (!is_new) place->second = std::move(value);
  }
  // As it begins where it was not there.
  Value& operator[](Key key) { return emplace(key, Value{}).first->second; }
  void erase(iterator place) { entries_.erase(place); }
  // How many were erased.
  std::size_t erase(Key key) {
    auto place = find(key);
    if (place == end()) return 0;
    erase(place);
    return 1;
  }
  void clear() { entries_.clear(); }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] iterator begin() { return entries_.begin(); }
  [[nodiscard]] iterator end() { return entries_.end(); }
  [[nodiscard]] const_iterator begin() const { return entries_.begin(); }
  [[nodiscard]] const_iterator end() const { return entries_.end(); }

private:
  [[nodiscard]] iterator place_of(Key key) {
    if (entries_.empty() || entries_.back().first < key) return entries_.end();
    return std::ranges::lower_bound(entries_, key, {}, &Entry::first);
  }

  std::vector<Entry> entries_;
};

} // namespace upstart::base
