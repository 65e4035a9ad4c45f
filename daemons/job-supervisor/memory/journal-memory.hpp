// The supervisor's memory: what it writes down so that the next one goes on where this one was, `supervisor.journal` in
// the run directory. It has an identity of its own, random, by which the event broker knows the next supervisor for the
// same. A file of another boot of the machine, or in another form, is set aside and not used.
//
// Where it cannot be written (a full disk) the supervisor works on, says so once, and tries again every second, until
// all has been written anew. Descriptors are kept by the service manager (init).
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/files/record-store.hpp"
#include "daemons/job-supervisor/jobs/records/records.hpp"
#include "daemons/job-supervisor/jobs/values/ports.hpp"

namespace upstart::supervisor {

class JournalMemory final : public Memory {
public:
  using Say = std::function<void(Severity, const std::string&)>;
  struct Opened;
  // The error says why there can be none. `say` takes what is wrong with the file, now and later.
  static std::expected<Opened, std::string> open(base::EventLoop& loop, const std::string& run_directory, Say say);

  void put(std::string_view key, std::string_view bytes) override { store_.put(key, bytes); }
  void erase(std::string_view key) override { store_.erase(key); }
  void write(const All& all) override;
  void rewrite(const All& all) override;
  // The service manager keeps the copy, as "file-ID".
  void keep_file(FileId id, const base::FileDescriptor& file) override;
  void forget_file(FileId id) override;
  // Those that it has handed to this process; they are taken out of `inherited`.
  [[nodiscard]] static KeptFiles kept_files(std::multimap<std::string, base::FileDescriptor>& inherited);

  [[nodiscard]] const std::string& identity() const { return identity_; }

private:
  JournalMemory(base::EventLoop& loop, base::RecordStore store, std::string path, Say say);
  void settle(const std::expected<void, std::string>& written, const All& all);
  [[nodiscard]] base::RecordStore::Snapshot with_own(const All& all) const;

  base::RecordStore store_;
  std::string path_;
  Say say_;
  std::string boot_, identity_;
  All all_; // while it is behind
  base::Timer try_again_;
  bool said_ = false;
};

struct JournalMemory::Opened {
  std::unique_ptr<JournalMemory> memory;
  Records records; // what the last supervisor left; none where it cannot be used
};

} // namespace upstart::supervisor
