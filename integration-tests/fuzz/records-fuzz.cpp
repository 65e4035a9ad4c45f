// What the daemons read back from bytes: whatever these are, nothing but an error comes of them, and what can be read
// can be written and read again. And a journal that was damaged: every record that the damage does not touch is found.
#include "daemons/base/files/journal.hpp"
#include "daemons/event-broker/values/change.hpp"
#include "daemons/init/notify/notify-socket.hpp"
#include "daemons/job-supervisor/jobs/records/records.hpp"
#include "daemons/job-supervisor/lifecycle/life-bytes.hpp"
#include "daemons/job-supervisor/process/adoption/instance-notes.hpp"
#include "daemons/job-supervisor/process/notify/notification.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using namespace upstart;

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

void read_again(std::string_view bytes) {
  if (auto change = broker::decode(bytes)) {
    auto written = broker::encode(*change);
    auto again = broker::decode(written);
    require(again && broker::encode(*again) == written, "a change that can be read can be written and read again");
  }
  if (auto life = supervisor::life_of_bytes(bytes)) {
    auto again = supervisor::life_of_bytes(supervisor::to_bytes(*life));
    require(again && *again == *life, "a life that can be read can be written and read again");
  }
  if (auto records = supervisor::JobRecords::of_bytes(bytes)) {
    auto again = supervisor::JobRecords::of_bytes(records->to_bytes());
    require(again && *again == *records, "records of a job that can be read can be written and read again");
  }
  if (auto notes = supervisor::read_notes(bytes)) {
    auto written = supervisor::to_bytes(*notes);
    auto again = supervisor::read_notes(written);
    require(again && supervisor::to_bytes(*again) == written, "notes that can be read can be written and read again");
  }
}

void read_supervisor_record(std::string_view bytes) {
  namespace record = supervisor::record;
  (void)record::ids_of(bytes);
  (void)record::class_of(bytes);
  (void)record::held_of(bytes);
  (void)record::facts_of(bytes);
  (void)record::instance_of(bytes);
  (void)record::spawn_of(bytes);
  (void)record::handled_of(bytes);
  (void)record::finished_of(bytes);
  (void)record::emission_of(bytes);
  (void)record::command_of(bytes);
  (void)record::environment_of(bytes);
  (void)record::names_of(bytes);
  (void)record::session_of(bytes);
}

struct Directory {
  Directory() {
    std::string name = "/dev/shm/upstart-fuzz.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::string contents(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// Takes bytes off the front; none when there are no more.
class Bytes {
public:
  explicit Bytes(std::string_view left) : left_{left} {}
  unsigned number() {
    if (left_.empty()) return 0;
    unsigned value = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  std::string text(std::size_t size) {
    std::string taken{left_.substr(0, size)};
    left_.remove_prefix(taken.size());
    return taken;
  }

private:
  std::string_view left_;
};

// Each record is in a write of its own, so that the damage of one is no other's.
void damage_journal(std::string_view input) {
  static const Directory directory;
  const auto path = directory.path / "journal";
  for (const auto& entry : std::filesystem::directory_iterator{directory.path})
    std::filesystem::remove_all(entry.path());
  Bytes bytes{input};
  const std::string magic = "fuzzed records 1\n";
  struct Written {
    std::string record;
    std::size_t begin, end;
    bool damaged;
  };
  std::vector<Written> written;
  {
    auto found = base::Journal::open(path, magic);
    if (!found) std::abort();
    for (unsigned i = bytes.number() % 6; i > 0; --i) {
      auto begin = found->journal.size();
      auto record = bytes.text(bytes.number());
      found->journal.add(record);
      if (!found->journal.write()) std::abort();
      written.push_back({record, begin, found->journal.size(), false});
    }
  }
  auto file = contents(path);
  for (unsigned i = bytes.number() % 4; i > 0; --i) {
    std::size_t at = bytes.number() << 8U | bytes.number();
    auto flipped = static_cast<char>(bytes.number());
    if (at < magic.size() || at >= file.size()) continue;
    file[at] = static_cast<char>(file[at] ^ flipped);
    for (auto& each : written) each.damaged |= flipped != 0 && at >= each.begin && at < each.end;
  }
  if (bytes.number() % 4 == 0) { // torn
    std::size_t size = std::max(magic.size(), file.size() - std::min<std::size_t>(file.size(), bytes.number()));
    for (auto& each : written) each.damaged |= each.end > size;
    file.resize(size);
  }
  std::ofstream{path, std::ios::binary | std::ios::trunc} << file;
  auto found = base::Journal::open(path, magic);
  require(found.has_value(), "a damaged journal can be opened");
  auto next = found->records.begin();
  for (const auto& each : written) {
    if (each.damaged) continue;
    next = std::find(next, found->records.end(), each.record);
    require(next != found->records.end(), "a record that was not damaged is found, in order");
    ++next;
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
  case 0: read_again(bytes); break;
  case 1: read_supervisor_record(bytes); break;
  case 2:
    (void)supervisor::parse_notification(bytes);
    (void)init::parse_notification(bytes);
    break;
  default: damage_journal(bytes);
  }
  return 0;
}
