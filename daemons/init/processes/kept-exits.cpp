#include "daemons/init/processes/kept-exits.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace upstart::init {

using base::FdWatcher;
using base::FileDescriptor;
using base::OrphanExit;

void KeptExits::add(const OrphanExit& exit) {
  kept_.push_back(exit);
  if (kept_.size() > most) {
    kept_.pop_front();
    ++first_;
  }
  send();
}

FileDescriptor KeptExits::connect() {
  writable_.reset();
  to_supervisor_.reset();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return {};
  to_supervisor_.reset(ends[0]);
  FileDescriptor for_supervisor{ends[1]};
  writable_ = std::make_unique<FdWatcher>(loop_, to_supervisor_.get(), [this](unsigned) { send(); });
  next_ = first_;
  told_later_ = end();
  all_told_ = false;
  send();
  return for_supervisor;
}

// As much as there is room for.
void KeptExits::send() {
  while (to_supervisor_) {
    next_ = std::max(next_, first_);
    bool last = !all_told_ && next_ >= told_later_;
    if (!last && next_ == end()) break;
    auto forgotten = static_cast<std::int32_t>(std::min<std::uint64_t>(first_, INT32_MAX));
    if (!send(last ? OrphanExit{.status = forgotten} : kept_[next_ - first_])) return;
    if (last) all_told_ = true;
    else ++next_;
  }
  if (writable_) writable_->watch(0);
}

bool KeptExits::send(const OrphanExit& packet) {
  auto sent = ::send(to_supervisor_.get(), &packet, sizeof packet, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return true;
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM) {
    writable_->watch(FdWatcher::writable);
    return false;
  }
  writable_.reset(); // the supervisor has gone
  to_supervisor_.reset();
  return false;
}

} // namespace upstart::init
