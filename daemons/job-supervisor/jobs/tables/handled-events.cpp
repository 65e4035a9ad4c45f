#include "daemons/job-supervisor/jobs/tables/handled-events.hpp"

namespace upstart::supervisor {

void HandledEvents::add(EventId id, Event event) {
  Handled handled{.event = std::move(event), .files = {}, .blockers = 1};
  for (std::size_t i = 0; i < handled.event.files.size(); ++i) handled.files.push_back(++last_file_);
  events_.insert_or_assign(id, std::move(handled));
  changes_.mark(id);
}

void HandledEvents::take_files(EventId id, const SharedFiles& files) {
  auto& handled = events_.at(id);
  if (handled.event.files.empty() && files.size() == handled.files.size()) handled.event.files = files;
}

void HandledEvents::restore(EventId id, Handled handled) {
  for (auto file : handled.files) restore_last_file(file);
  handled.blockers = 0;
  events_.insert_or_assign(id, std::move(handled));
}

std::optional<HandledEvents::Handled> HandledEvents::unblock(EventId id, bool failed) {
  auto found = events_.find(id);
  if (found == events_.end()) return std::nullopt;
  auto& handled = found->second;
  if (failed && !std::exchange(handled.failed, true)) changes_.mark(id);
  if (--handled.blockers > 0) return std::nullopt;
  changes_.mark(id);
  auto taken = std::move(handled);
  events_.erase(found);
  return taken;
}

} // namespace upstart::supervisor
