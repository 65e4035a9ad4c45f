// The socket at which a daemon itself is reached: handed over by whoever started it, else made here. One that was made
// here is removed at the end; one that was handed over stays, so that clients wait in it until the next one serves.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <expected>
#include <map>
#include <string>

namespace upstart::base {

class OwnSocket {
public:
  // Takes the descriptor of this name out of `inherited` (service-manager.hpp); where there is none, listens at the
  // address. The error says why it cannot.
  [[nodiscard]] static std::expected<OwnSocket, std::string> open(std::multimap<std::string, FileDescriptor>& inherited,
                                                                  const std::string& name, const std::string& address);
  OwnSocket(OwnSocket&& other) noexcept
      : listening_{std::move(other.listening_)}, made_{std::exchange(other.made_, {})} {}
  OwnSocket& operator=(OwnSocket&&) = delete;
  ~OwnSocket();

  // The listening descriptor, once: for a PeerServer. The path stays this object's.
  [[nodiscard]] FileDescriptor take() { return std::move(listening_); }

private:
  OwnSocket(FileDescriptor listening, std::string made) : listening_{std::move(listening)}, made_{std::move(made)} {}

  FileDescriptor listening_;
  std::string made_; // its path; empty: nothing to remove
};

} // namespace upstart::base
