// The descriptors that came with events: kept until their event is finished, with a copy at the service manager under
// the name event-ID-N, so that they outlive the broker.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/event-broker/values/event.hpp"

#include <functional>
#include <map>
#include <span>

namespace upstart::broker {

class Descriptors {
public:
  using Files = std::vector<base::FileDescriptor>;

  void keep(EventId id, Files files);
  void forget(EventId id);
  [[nodiscard]] std::span<const base::FileDescriptor> of(EventId id) const;

  // Takes back what the manager kept; what belongs to no event that is still wanted is forgotten there.
  void take_back(std::multimap<std::string, base::FileDescriptor> inherited,
                 const std::function<bool(EventId)>& still_wanted);

private:
  std::map<EventId, Files> files_;
};

} // namespace upstart::broker
