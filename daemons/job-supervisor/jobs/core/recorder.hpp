// Writes down what has changed in the tables, as records, before anything leaves that rests on it. What it leaves out
// is what can be had again: classes without instances (from their files), who is connected, the ways that events are
// on.
//
// Emptied after every round of a turn, with a memory or without one.
//
// More than twenty methods: one for each table and each kind of thing that is written down.
#pragma once

#include "daemons/base/values/flat-map.hpp"
#include "daemons/job-supervisor/jobs/core/core.hpp"
#include "daemons/job-supervisor/jobs/core/pending-effects.hpp"

#include <bitset>
#include <unordered_set>

namespace upstart::supervisor {

class Recorder {
public:
  explicit Recorder(Core& core) : core_{core} {}

  // What has changed since the last time, in one write; costs nothing when nothing has. Never fails: what cannot be
  // written is told, and made good the next time.
  void write();
  // From now on what was outgoing leaves: `turn.leaving` is that, and `turn.outgoing` empty.
  void begins_to_leave();
  // What leaves next is written down as that, if it is to start a process: see record::Spawn.
  void before_leaving();
  // All there is, in place of what the memory holds.
  void rewrite();

private:
  using Put = Memory::Put;

  void write_changes();
  void record_jobs();
  void record_run(JobId id, Job* job);
  void record_classes();
  void record_events();
  void record_emissions();
  void record_others();
  void record_offers();
  void record_ids();
  void record_next_spawn();
  void drop_changes();
  void put_all(const Put& put);
  void put_class_of(const ClassEntry& entry, const Put& put);
  // What is written down of a class beside its text.
  enum class ClassPart : std::uint8_t { held, facts, runs };
  [[nodiscard]] static std::string key_of(ClassPart part, const std::string& name);
  void put_class_part(ClassPart part, const std::string& name, std::string_view bytes, const Put& put);
  void erase_class_part(ClassPart part, const std::string& name);
  void for_each_pending(const PendingEffects::Places* in_leaving, const PendingEffects::Places* in_outgoing,
                        const std::function<void(const Outgoing&)>& call) const;
  void note_pending_operations_of(JobId id);
  void note_pending_operations(const std::vector<JobId>& jobs);
  void note_all_pending_operations();
  [[nodiscard]] std::optional<record::Spawn> next_spawn();
  void count_files(JobId id, const Job* job, bool keep);
  void count_files(EmissionId id, const Emission* emission);
  void count_missed_files();
  void forget_dropped_files();
  [[nodiscard]] std::string bytes_of(const Job& job, bool gone) const;

  void put(const std::string& key, std::string_view bytes);
  void erase(const std::string& key);
  // The same for keys that are remembered otherwise, in less memory: those of instances and classes, of which there may
  // be ten thousand.
  void put_untracked(std::string_view key, std::string_view bytes);
  void erase_untracked(std::string_view key);

  Core& core_;
  // Keys that the memory holds, but for those of instances and classes.
  std::unordered_set<std::string> written_;
  // The instances that it holds, and whether with their run.
  base::FlatMap<JobId, bool> instances_;
  struct WrittenClass {
    std::shared_ptr<const JobClass> text; // empty: it is not written down
    std::bitset<3> parts{};               // by ClassPart
  };
  // What it holds of classes, where it holds something.
  std::unordered_map<std::string, WrittenClass> classes_;
  struct Pending {
    const Job* job = nullptr;
    std::vector<const Effect*> operations;
  };
  PendingEffects of_leaving_, of_outgoing_;
  std::unordered_map<JobId, Pending> pending_;           // operations that are not carried out yet
  std::unordered_map<JobId, std::vector<FileId>> files_; // that each life names
  std::unordered_map<FileId, int> file_uses_;
  std::vector<FileId> dropped_files_; // named by none any more, once that is written
  std::unordered_map<EmissionId, std::vector<FileId>> emission_files_;
  std::vector<FileId> dropped_copies_; // of offers and emissions, likewise
  record::Ids reserved_;
  std::optional<record::Spawn> spawn_; // the next, as it is written down
  record::Session session_;
  std::size_t watched_ = 0; // events, which are never fewer
  bool dirty_ = false;
  bool missed_ = false; // something could not be recorded: all is written next
};

} // namespace upstart::supervisor
