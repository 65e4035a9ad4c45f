// Which instance gets which of the sockets that bridges offer to its job.
//
// A socket belongs to an instance if the variables of its event would give the instance the name that it has: with
// `instance $PORT` each instance has the socket of its own port, without `instance`, or where the name is made of other
// variables, every instance has all. It gets them when its main process is started: the one that runs when a socket is
// first offered is without it until then, and a client of that socket starts nobody else.
#pragma once

#include "daemons/job-supervisor/jobs/core/core.hpp"

namespace upstart::supervisor {

class SocketOffers {
public:
  explicit SocketOffers(Core& core) : core_{core} {}

  // In place of what was offered to that job before; a socket with the identity of one of these is that one. The
  // identities of those that an instance has.
  std::vector<std::string> take(const ClassEntry& entry, std::vector<SocketOffer> offers);
  // As it was written down; instances are looked at by `assign` later.
  void restore(const std::string& job, std::vector<OfferedSocket> sockets);
  // The job is not there any more, or names no event of a bridge.
  void drop(const std::string& job);

  // The descriptors of such an event are those of a socket that the job is offered.
  [[nodiscard]] bool stands_for(const std::string& job, const Event& event) const;
  // The instance is about to be started, or was restored: the sockets that belong to it are its own from now on.
  void assign(const Job& job);
  void instance_gone(const Job& job);
  // What its main process is to be given.
  [[nodiscard]] std::vector<OfferedFile> of(const Job& job) const;
  // It has been given them.
  void handed_over(const Job& job);

private:
  [[nodiscard]] bool belongs(const OfferedSocket& socket, const Job& job) const;
  void add_holder(const std::string& job, OfferedSocket& socket, JobId instance);

  Core& core_;
};

} // namespace upstart::supervisor
