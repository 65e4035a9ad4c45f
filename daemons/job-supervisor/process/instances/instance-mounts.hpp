// The mounts that the processes of an instance share: a mount namespace that the first of them makes and the later
// ones enter. Owned by the instance; when it goes, so do the mounts and what is in their memory.
//
// The namespace lies in a socket, into which the first process has put it. It is looked at there and never taken out,
// so that init, which keeps the socket, has it too, and it outlives the supervisor, whoever of the processes is left.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/job-supervisor/process/adoption/kept-descriptors.hpp"

#include <expected>
#include <sys/types.h>

namespace upstart::supervisor {

class InstanceMounts {
public:
  // The namespace that there is; empty when no process has made it yet.
  [[nodiscard]] base::FileDescriptor find() const;
  // Before a process makes it: the end of the socket that is for the process. The error is errno.
  [[nodiscard]] std::expected<base::FileDescriptor, int> begin(KeptDescriptors& kept);
  // That of a process of the instance, where nothing else is known of it; not if it is the supervisor's own.
  void take_from(pid_t process);

  // For notes; 0: nothing is kept.
  [[nodiscard]] std::uint64_t number() const { return keeping_.number(); }
  void restore(KeptDescriptor kept);

private:
  base::FileDescriptor socket_;
  Keeping keeping_;
  base::FileDescriptor of_process_;
};

} // namespace upstart::supervisor
