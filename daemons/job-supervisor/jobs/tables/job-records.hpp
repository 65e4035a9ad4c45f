// What was decided about a job and why, for those who ask (initctl explain): what became of each match of its `start
// on`, who stopped it, how each of its lives ended, what was ignored. Bounded: the oldest goes first; what happens
// again and again is one record that counts. A value, and as bytes.
#pragma once

#include "daemons/base/values/rare.hpp"
#include "daemons/base/values/shared.hpp"
#include "daemons/job-supervisor/lifecycle/effect.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

// Now, in µs since the epoch.
[[nodiscard]] std::int64_t wall_clock();

struct JobRecord {
  std::int64_t time = 0;                 // µs since the epoch, of the last time
  base::Rare<std::string> instance = {}; // empty: the only one of a job, or none
  // A sentence without its subject: "main process terminated with status 4; it is respawned".
  base::Shared<std::string> text = {};
  std::uint64_t times = 1;
  RecordKind kind = RecordKind::ended;
  friend bool operator==(const JobRecord&, const JobRecord&) = default;
};

// A thousand jobs that one event has started have one text that says so.
using RecentTexts = base::RecentlyShared<std::string>;

class JobRecords {
public:
  static constexpr std::size_t most = 16;

  // Happens now.
  void add(RecordKind kind, std::string instance, base::Shared<std::string> text);
  // Its texts and equal ones that were kept before become one.
  void share_texts(RecentTexts& recent);
  // The newest last.
  [[nodiscard]] const std::vector<JobRecord>& all() const { return records_; }

  [[nodiscard]] std::string to_bytes() const;
  [[nodiscard]] static std::expected<JobRecords, std::string> of_bytes(std::string_view bytes);
  friend bool operator==(const JobRecords&, const JobRecords&) = default;

private:
  std::vector<JobRecord> records_;
};

} // namespace upstart::supervisor
