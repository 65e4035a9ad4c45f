#include "daemons/job-supervisor/jobs/tables/job-records.hpp"

#include "daemons/base/bytes.hpp"

#include <algorithm>
#include <chrono>

namespace upstart::supervisor {

std::int64_t wall_clock() {
  auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
}

void JobRecords::add(RecordKind kind, std::string instance, std::string text) {
  JobRecord record{.time = wall_clock(), .kind = kind, .instance = std::move(instance), .text = std::move(text)};
  auto same = std::ranges::find_if(records_, [&](const JobRecord& other) {
    return other.kind == kind && other.instance == record.instance && other.text == record.text;
  });
  if (same != records_.end()) {
    record.times += same->times;
    records_.erase(same);
  } else if (records_.size() == most) {
    records_.erase(records_.begin());
  }
  records_.push_back(std::move(record));
}

std::string JobRecords::to_bytes() const {
  std::string bytes;
  base::ByteWriter out{bytes};
  out.list(records_, [&](const JobRecord& record) {
    out.number(record.time);
    out.choice(record.kind);
    out.text(record.instance);
    out.text(record.text);
    out.number(record.times);
  });
  return bytes;
}

std::expected<JobRecords, std::string> JobRecords::of_bytes(std::string_view bytes) {
  base::ByteReader in{bytes};
  JobRecords records;
  records.records_ = in.list([&] {
    JobRecord record;
    record.time = in.number<std::int64_t>();
    record.kind = in.choice(RecordKind::reset);
    record.instance = in.text();
    record.text = in.text();
    record.times = in.number();
    return record;
  });
  if (auto outcome = in.outcome(); !outcome) return std::unexpected(outcome.error());
  return records;
}

} // namespace upstart::supervisor
