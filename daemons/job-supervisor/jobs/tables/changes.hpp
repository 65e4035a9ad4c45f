// Which entries of a table have changed since they were last written down. Each table marks its own, so that whoever
// changes one cannot forget to.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

namespace upstart::supervisor {

template <typename Key> class Changes {
public:
  void mark(const Key& key) {
    if (keys_.empty() || keys_.back() != key) keys_.push_back(key);
  }
  [[nodiscard]] bool empty() const { return keys_.empty(); }
  // Each once, sorted; none is marked any more.
  [[nodiscard]] std::vector<Key> take() {
    auto keys = std::exchange(keys_, {});
    std::ranges::sort(keys);
    auto rest = std::ranges::unique(keys);
    keys.erase(rest.begin(), rest.end());
    return keys;
  }

private:
  std::vector<Key> keys_;
};

} // namespace upstart::supervisor
