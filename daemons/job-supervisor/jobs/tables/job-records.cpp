#include "daemons/job-supervisor/jobs/tables/job-records.hpp"

#include "daemons/base/bytes.hpp"

#include <algorithm>
#include <chrono>

namespace upstart::supervisor {

std::int64_t wall_clock() {
  auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
}

void JobRecords::add(RecordKind kind, std::string instance, base::Shared<std::string> text) {
  JobRecord record{.time = wall_clock(), .text = std::move(text), .kind = kind};
  if (!instance.empty()) record.instance.edit() = std::move(instance);
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

void JobRecords::share_texts(RecentTexts& recent) {
  for (auto& record : records_) record.text = recent.share(std::move(record.text));
}

std::string JobRecords::to_bytes() const {
  std::string bytes;
  base::ByteWriter out{bytes};
  out.list(records_, [&](const JobRecord& record) {
    out.number(record.time);
    out.choice(record.kind);
    out.text(*record.instance);
    out.text(*record.text);
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
    record.instance.edit() = in.text();
    record.instance.tidy();
    record.text = base::Shared{in.text()};
    record.times = in.number();
    return record;
  });
  if (auto outcome = in.outcome(); !outcome) return std::unexpected(outcome.error());
  return records;
}

} // namespace upstart::supervisor
