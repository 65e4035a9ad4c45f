// Which files are being written: a file is complete when it is closed or, where a writer keeps it open, when nothing
// was written for `quiet`. Pure; time is an argument.
#pragma once

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace upstart::file_bridge {

class QuietWrites {
public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds quiet{250};

  void modified(const std::string& path, Time now) {
    if (auto place = by_path_.find(path); place != by_path_.end()) {
      place->second->since = now;
      writes_.splice(writes_.end(), writes_, place->second);
      return;
    }
    by_path_.emplace(path, writes_.insert(writes_.end(), {path, now}));
  }

  [[nodiscard]] bool is_written(const std::string& path) const { return by_path_.contains(path); }

  // It was closed, or is gone. Whether something was written to it since it was complete last.
  bool end(const std::string& path) {
    auto place = by_path_.find(path);
    if (place == by_path_.end()) return false;
    writes_.erase(place->second);
    by_path_.erase(place);
    return true;
  }

  // When the first is complete, if nothing more is written to it.
  [[nodiscard]] std::optional<Time> due() const {
    return writes_.empty() ? std::nullopt : std::optional{writes_.front().since + quiet};
  }

  // Those that are complete now.
  [[nodiscard]] std::vector<std::string> take_complete(Time now) {
    std::vector<std::string> paths;
    while (!writes_.empty() && writes_.front().since + quiet <= now) {
      paths.push_back(writes_.front().path);
      end(paths.back());
    }
    return paths;
  }

private:
  struct Write {
    std::string path;
    Time since;
  };
  std::list<Write> writes_; // the one that has been quiet for longest first
  std::unordered_map<std::string, std::list<Write>::iterator> by_path_;
};

} // namespace upstart::file_bridge
