#include "daemons/job-supervisor/jobs/tables/offered-sockets.hpp"

#include <algorithm>

namespace upstart::supervisor {

void OfferedSockets::set(const std::string& job, OfJob sockets) {
  for (const auto& gone : of(job)) {
    by_file_.erase(gone.file);
    count_holders(gone, -static_cast<std::ptrdiff_t>(gone.holders.size()));
    mark(gone);
  }
  if (sockets.empty()) {
    jobs_.erase(job);
    return;
  }
  for (const auto& socket : sockets) {
    by_file_[socket.file] = job;
    count_holders(socket, static_cast<std::ptrdiff_t>(socket.holders.size()));
    mark(socket);
  }
  jobs_[job] = std::move(sockets);
}

bool OfferedSockets::add_holder(OfferedSocket& socket, JobId instance) {
  if (!socket.holders.insert(instance).second) return false;
  count_holders(socket, 1);
  return socket.holders.size() == 1;
}

bool OfferedSockets::remove_holder(OfferedSocket& socket, JobId instance) {
  if (socket.holders.erase(instance) == 0) return false;
  count_holders(socket, -1);
  return socket.holders.empty();
}

void OfferedSockets::count_holders(const OfferedSocket& socket, std::ptrdiff_t more) {
  if (more == 0) return;
  auto& count = holders_[socket.offer.identity];
  count += static_cast<std::size_t>(more);
  if (count == 0) holders_.erase(socket.offer.identity);
}

std::optional<OfferedSockets::Place> OfferedSockets::find(FileId file) {
  auto known = by_file_.find(file);
  if (known == by_file_.end()) return std::nullopt;
  auto& [job, sockets] = *jobs_.find(known->second);
  auto place = std::ranges::find(sockets, file, &OfferedSocket::file);
  return Place{.job = &job, .index = static_cast<std::size_t>(place - sockets.begin()), .socket = &*place};
}

} // namespace upstart::supervisor
