// The sockets on which services tell that they are ready (NOTIFY_SOCKET). A path below the run directory where the
// service can get there, since that is reached from a network namespace of its own, too; an abstract address where it
// cannot: in another root directory, as another user where the run directory is closed to others, or where the path
// would be too long. init keeps each socket, so that what is sent while there is no supervisor waits for the next one.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "daemons/job-supervisor/process/adoption/kept-descriptors.hpp"

#include <expected>
#include <set>
#include <string>

namespace upstart::supervisor {

// Its path is removed with it.
struct NotifySocket {
  NotifySocket() = default;
  NotifySocket(base::FileDescriptor socket, std::string bound, Keeping kept)
      : fd{std::move(socket)}, address{std::move(bound)}, keeping{std::move(kept)} {}
  ~NotifySocket();
  NotifySocket(NotifySocket&& other) noexcept = default;
  NotifySocket& operator=(NotifySocket&&) = delete;

  base::FileDescriptor fd;
  std::string address; // for NOTIFY_SOCKET: a path, or "@" and an abstract name
  Keeping keeping;
};

class NotifySockets {
public:
  // `run_directory` may be empty: then all addresses are abstract. `user_session`: all jobs are of one user, unless
  // their class says another.
  NotifySockets(const std::string& run_directory, bool user_session, KeptDescriptors& kept);

  // The error is errno.
  [[nodiscard]] std::expected<NotifySocket, int> make(const JobClass& job_class);
  // One that an earlier supervisor made: that which init kept, else a new one at the same address.
  [[nodiscard]] std::expected<NotifySocket, int> take_up(std::uint64_t number, const std::string& address);
  // The one whose address a process was given by an earlier supervisor.
  [[nodiscard]] std::expected<NotifySocket, int> take_up(const std::string& address);
  // Removes the paths that an earlier supervisor left and nobody has taken up.
  void remove_rest();

private:
  [[nodiscard]] bool can_use_path(const JobClass& job_class) const;
  [[nodiscard]] std::expected<NotifySocket, int> bound(base::FileDescriptor socket, std::string address);

  std::string directory_; // empty: none
  bool user_session_;
  bool open_to_others_ = false;   // every user can get there
  std::set<std::string> earlier_; // names in the directory: the path to it may have changed
  unsigned long last_ = 0;
  KeptDescriptors& kept_;
};

} // namespace upstart::supervisor
