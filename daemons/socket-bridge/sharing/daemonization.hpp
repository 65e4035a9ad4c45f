// Daemonization once ready (options --fork and --daemon): the foreground process waits and ends with the status that
// says whether that worked.
#pragma once

#include "daemons/base/file-descriptor.hpp"

namespace upstart::socket_bridge {

class Daemonization {
public:
  // How many processes are forked one after the other, as `expect fork` and `expect daemon` have it.
  enum class Forks { once, twice };

  // Goes on in a child or grandchild; the foreground process waits in here and does not return: it exits with 0 when
  // that one is `ready`, with 1 (or the child's own status) when it ends before. To be called before there is any
  // thread or loop.
  void begin(Forks forks);
  // Once; nothing where nothing was begun. Standard input and output become /dev/null; standard error, where the log
  // goes, stays.
  void ready();

private:
  base::FileDescriptor waiting_; // the foreground process hears when this is written to or closed
};

} // namespace upstart::socket_bridge
