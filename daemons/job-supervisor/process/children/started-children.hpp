// The children that were forked last: each says so itself, before anything else that it does, in memory that outlives
// the supervisor. So a supervisor that dies between a fork and its journal leaves no process that the next one does not
// know, whatever has become of the process and of its environment meanwhile. Each is written down right after its fork,
// so a supervisor leaves one at most; that one keeps its place until it is known what became of it, though the next
// supervisor starts others and dies, too.
#pragma once

#include "daemons/base/files/mapped-record.hpp"
#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// What the child leaves. A child may come so far only after the next start has begun: then the turn is not its own any
// more, and it leaves nothing.
struct StartMark {
  std::atomic<std::uint64_t> turn_and_pid; // whose turn it is; below it the pid of the child, 0: not written yet
  std::atomic<std::uint64_t> latest;       // clock ticks since boot when a child was there last; never fewer
};

class StartedChildren {
public:
  // The file is opened or made. Empty, or where that fails: nothing is kept.
  explicit StartedChildren(const std::string& path);

  // A child is about to be forked, which is this process of this instance. It leaves its mark, with this turn.
  struct Begun {
    StartMark* mark = nullptr; // null: nothing is kept
    std::uint32_t turn = 0;
  };
  [[nodiscard]] Begun begin(std::string_view job, std::string_view instance, std::string_view process);
  // An earlier supervisor may have begun it: it keeps its place until it is forgotten. False: it has none. Asked for
  // before anything is begun.
  bool seek(std::string_view job, std::string_view instance, std::string_view process);
  // The child that was begun under these names, if it has come so far; its end, if any, has not been told.
  [[nodiscard]] std::optional<ProcessId> find(std::string_view job, std::string_view instance,
                                              std::string_view process) const;
  // There was no child, or its end has been told.
  void forget(std::string_view job, std::string_view instance, std::string_view process);
  // Whether each that was begun then or later has a place. `when`: clock ticks since boot.
  [[nodiscard]] bool knows_all_since(std::uint64_t when) const;
  // Why nothing is kept, as errno; 0: it is, or nothing was wanted.
  [[nodiscard]] int error() const { return kept_.error(); }

private:
  struct Place {
    std::atomic<std::uint64_t> key; // whose child; 0: none
    std::uint64_t earliest;         // clock ticks since boot before it was forked
    StartMark mark;
  };
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
  // As many supervisors in a row may die before it is known what became of the child that the first of them left.
  static constexpr std::size_t most = 64;
  struct Kept {
    std::uint64_t since; // clock ticks since boot when this was begun
    std::array<Place, most> places;
  };
  [[nodiscard]] const Place* place_of(std::uint64_t key) const;

  base::MappedRecord<Kept> kept_;
  std::array<bool, most> sought_{};
};

// In the child, with the turn that it was begun with.
void leave_mark(StartMark& mark, std::uint32_t turn);

} // namespace upstart::supervisor
