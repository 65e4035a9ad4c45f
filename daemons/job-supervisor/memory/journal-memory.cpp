#include "daemons/job-supervisor/memory/journal-memory.hpp"

#include "daemons/base/event-emitter.hpp"
#include "daemons/base/service-manager.hpp"

#include <charconv>
#include <cstring>
#include <format>
#include <fstream>

namespace upstart::supervisor {

namespace {

constexpr std::chrono::seconds pause_when_behind{1};
constexpr const char* journal_name = "upstart supervisor";
// Those of the memory itself, which nobody else sees.
constexpr std::string_view boot_key = "memory/boot", identity_key = "memory/identity";

std::string boot_id() {
  std::string id;
  std::getline(std::ifstream{"/proc/sys/kernel/random/boot_id"}, id);
  return id;
}

constexpr std::string_view file_prefix = "file-";
std::string file_name(FileId id) { return std::string{file_prefix} + std::to_string(id); }
// 0: it is not one of these.
FileId id_of_file(std::string_view name) {
  FileId id = 0;
  if (name.starts_with(file_prefix)) std::from_chars(name.data() + file_prefix.size(), name.data() + name.size(), id);
  return id;
}

std::string take(Records& records, std::string_view key) {
  auto node = records.extract(std::string{key});
  return node.empty() ? "" : std::move(node.mapped());
}

} // namespace

JournalMemory::JournalMemory(base::EventLoop& loop, base::RecordStore store, std::string path, Say say)
    : store_{std::move(store)},
      path_{std::move(path)},
      say_{std::move(say)},
      try_again_{loop, [this] {
                   if (auto all = all_) settle(store_.write(with_own(all)), all);
                 }} {}

std::expected<JournalMemory::Opened, std::string> JournalMemory::open(base::EventLoop& loop,
                                                                      const std::string& run_directory, Say say) {
  auto path = run_directory + "/supervisor.journal";
  auto boot = boot_id();
  // At most twice: a file of another boot is set aside, and a new one opened.
  for (;;) {
    auto found = base::RecordStore::open(path, journal_name, record_form);
    if (!found) return std::unexpected(found.error());
    for (const auto& fault : found->faults) say(Severity::error, fault);
    auto of_boot = take(found->records, boot_key);
    if (!of_boot.empty() && of_boot != boot) {
      found->records.clear();
      auto aside = path + ".other-boot";
      say(Severity::warning,
          std::format("{} is of another boot of this machine: kept as {}, and not used", path, aside));
      if (::rename(path.c_str(), aside.c_str()) == 0) continue;
      return std::unexpected(std::format("unable to set aside {}: {}", path, std::strerror(errno)));
    }
    auto identity = take(found->records, identity_key);
    auto memory =
        std::unique_ptr<JournalMemory>{new JournalMemory{loop, std::move(found->store), path, std::move(say)}};
    memory->boot_ = std::move(boot);
    memory->identity_ = identity.empty() ? base::random_identity() : std::move(identity);
    return Opened{.memory = std::move(memory), .records = std::move(found->records)};
  }
}

base::RecordStore::Snapshot JournalMemory::with_own(const All& all) const {
  return [this, all](const base::RecordStore::Put& put) {
    put(boot_key, boot_);
    put(identity_key, identity_);
    all(put);
  };
}

void JournalMemory::write(const All& all) {
  if (try_again_.active()) return; // behind: all of it is written when there is room
  settle(store_.write(with_own(all)), all);
}

void JournalMemory::rewrite(const All& all) { settle(store_.rewrite(with_own(all)), all); }

void JournalMemory::keep_file(FileId id, const base::FileDescriptor& file) {
  if (!base::keep_descriptor(file_name(id), file.get()))
    say_(Severity::warning,
         "the service manager did not take a descriptor of a job: the job lacks it, if it is started "
         "again after the supervisor has died");
}

void JournalMemory::forget_file(FileId id) { base::forget_descriptor(file_name(id)); }

KeptFiles JournalMemory::kept_files(std::multimap<std::string, base::FileDescriptor>& inherited) {
  KeptFiles files;
  for (auto at = inherited.begin(); at != inherited.end();) {
    auto id = id_of_file(at->first);
    if (id != 0) files.emplace(id, std::make_shared<const base::FileDescriptor>(std::move(at->second)));
    at = id != 0 ? inherited.erase(at) : std::next(at);
  }
  return files;
}

void JournalMemory::settle(const std::expected<void, std::string>& written, const All& all) {
  if (!written) {
    if (!std::exchange(said_, true))
      say_(Severity::error, written.error() + "; jobs are run as before, but if the supervisor dies now, what happened "
                                              "since is forgotten. Tried again every second");
    all_ = all;
    try_again_.start(pause_when_behind);
    return;
  }
  all_ = nullptr;
  try_again_.stop();
  if (std::exchange(said_, false))
    say_(Severity::warning, std::format("{} could be written again: nothing is forgotten any more", path_));
}

} // namespace upstart::supervisor
