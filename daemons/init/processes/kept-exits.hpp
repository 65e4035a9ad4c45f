// How the orphans ended that init has reaped, the last so many of them, and the telling of it to the job supervisor
// (base/orphan-exits.hpp). They stay kept when they have been told: the next supervisor hears of all of them again.
#pragma once

#include "daemons/base/orphan-exits.hpp"

#include <deque>
#include <memory>

namespace upstart::init {

class KeptExits {
public:
  static constexpr std::size_t most = 4096; // the oldest go first

  explicit KeptExits(base::EventLoop& loop) : loop_{loop} {}

  void add(const base::OrphanExit& exit);

  // All that are kept, and how many are not any more; to be given to another one of these.
  void describe(std::vector<base::OrphanExit>& exits, std::uint64_t& forgotten) const {
    exits.assign(kept_.begin(), kept_.end());
    forgotten = first_;
  }
  void restore(const std::vector<base::OrphanExit>& exits, std::uint64_t forgotten) {
    kept_.assign(exits.begin(), exits.end());
    first_ = forgotten;
  }

  // The end for a new supervisor to inherit; the one before hears nothing more. Empty: there is no descriptor to be
  // had. All is sent without waiting: what a supervisor has no room for waits here until it reads on.
  [[nodiscard]] base::FileDescriptor connect();

private:
  void send();
  [[nodiscard]] bool send(const base::OrphanExit& packet);
  [[nodiscard]] std::uint64_t end() const { return first_ + kept_.size(); }

  base::EventLoop& loop_;
  std::deque<base::OrphanExit> kept_;
  std::uint64_t first_ = 0; // how many have been forgotten: the number of the first that is kept
  // Of the present supervisor.
  base::FileDescriptor to_supervisor_;
  std::unique_ptr<base::FdWatcher> writable_;
  std::uint64_t next_ = 0;       // the number of the next to tell
  std::uint64_t told_later_ = 0; // from this number on they ended after the supervisor was started
  bool all_told_ = false;
};

} // namespace upstart::init
