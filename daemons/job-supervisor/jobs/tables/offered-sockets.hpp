// The listening sockets that bridges offer to jobs, by job and in the order of the job file: a job gets those that are
// its own whenever its main process is started, by whatever. A table: which instance gets which is decided elsewhere
// (core/socket-offers).
//
// A socket is known by a text that its bridge chooses (identity): the same text is the same open socket. Owns a share
// of each descriptor; a copy is kept outside this process for the next supervisor.
#pragma once

#include "daemons/job-supervisor/jobs/tables/changes.hpp"
#include "daemons/job-supervisor/jobs/tables/emissions.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace upstart::supervisor {

// What a bridge says of a socket.
struct SocketOffer {
  std::string identity;
  std::string name;                // in LISTEN_FDNAMES
  protocol::Environment variables; // of the event that a client of it brings about
  std::shared_ptr<const base::FileDescriptor> file;
};

struct OfferedSocket {
  SocketOffer offer;
  FileId file = 0;         // under which the descriptor is kept
  std::set<JobId> holders; // instances that have it, or will have when their main process is started
  std::set<JobId> without; // instances that it belongs to whose main process was started before it was there
  bool is_kept = false;    // the copy for the next supervisor is there
};

class OfferedSockets {
public:
  using OfJob = std::vector<OfferedSocket>;

  // Empty where nothing is offered.
  [[nodiscard]] OfJob& of(const std::string& job) {
    static OfJob none;
    auto found = jobs_.find(job);
    return found == jobs_.end() ? none : found->second;
  }
  [[nodiscard]] std::map<std::string, OfJob>& all() { return jobs_; }
  [[nodiscard]] const std::map<std::string, OfJob>& all() const { return jobs_; }
  // In place of what was offered before.
  void set(const std::string& job, OfJob sockets);

  // An instance has the socket, or no longer. True: it is the first, or was the last.
  bool add_holder(OfferedSocket& socket, JobId instance);
  bool remove_holder(OfferedSocket& socket, JobId instance);
  // How many instances, of whatever job, have the socket that is known by this text.
  [[nodiscard]] std::size_t holders_of(const std::string& identity) const {
    auto found = holders_.find(identity);
    return found == holders_.end() ? 0 : found->second;
  }

  // For the memory: sockets that are new, have changed or are gone, each by the id of its descriptor.
  void mark(const OfferedSocket& socket) { changes_.mark(socket.file); }
  [[nodiscard]] Changes<FileId>& changes() { return changes_; }
  struct Place {
    const std::string* job = nullptr;
    std::size_t index = 0;
    OfferedSocket* socket = nullptr;
  };
  // Nothing where it is gone.
  [[nodiscard]] std::optional<Place> find(FileId file);

private:
  void count_holders(const OfferedSocket& socket, std::ptrdiff_t more);

  std::map<std::string, OfJob> jobs_;
  std::unordered_map<std::string, std::size_t> holders_; // by identity
  std::unordered_map<FileId, std::string> by_file_;
  Changes<FileId> changes_;
};

} // namespace upstart::supervisor
