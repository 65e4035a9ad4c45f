// A peer-to-peer D-Bus server: accepts on a listening socket that somebody (init) made, performs the handshake with
// each client, hands over the connection. Where descriptors run out it drops the client that it has no room for, rests
// a moment, and goes on.
//
// One user cannot take them all: root may have three quarters of the descriptors that the process may open in
// connections, another user half; further ones are hung up on. When too many are shaking hands, the process with most
// of them loses the one that it began first: a flood of handshakes that are begun does not cost anyone else theirs. Who
// hangs up before a word, or does not end the first line of a greeting, costs next to nothing: others find room in the
// backlog beside it.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/base/listen.hpp"
#include "daemons/base/repeated-message.hpp"

#include <list>
#include <unordered_map>

namespace upstart::base {

class PeerServer {
public:
  using OnClient = std::function<void(std::unique_ptr<BusConnection>)>;
  // Whether this user may connect: an abstract socket has no permissions of its own. Others are hung up on before a
  // word.
  using Admission = std::function<bool(uid_t)>;
  using Warn = std::function<void(const std::string&)>;

  // Owns the listening socket; clients in its backlog are served first. Without `admission` everybody may connect.
  // `warn` is told, at most once a minute, that descriptors ran out.
  PeerServer(EventLoop& loop, FileDescriptor listening, OnClient on_client, Admission admission = {}, Warn warn = {});

private:
  // The connections of each user; whoever has a place holds it until the connection goes.
  using Users = std::unordered_map<uid_t, std::size_t>;

  void accept_some();
  void admit(FileDescriptor accepted);
  // Nothing where this user has no further one.
  [[nodiscard]] std::shared_ptr<void> place_for(uid_t user);
  // Who is accepted and not served yet. It costs next to nothing until the first line of its greeting is there.
  struct Newcomer {
    pid_t process = 0;
    std::shared_ptr<void> place;
    FileDescriptor socket;                     // until then
    std::unique_ptr<Handshake> handshake = {}; // from then on
    bool is_silent = false;                    // it is waited for
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
  };
  using Newcomers = std::list<Newcomer>;
  void take_in(Newcomer newcomer);
  void look_at(Newcomers::iterator newcomer);
  void wait_for(Newcomers::iterator newcomer);
  void begin_handshake(Newcomers::iterator newcomer);
  void not_silent(Newcomer& newcomer);
  void forget(Newcomers::iterator newcomer);
  void somebody_speaks();
  void give_up_silent();
  void give_up_one();
  void out_of_descriptors();

  EventLoop& loop_;
  FileDescriptor listening_;
  OnClient on_client_;
  Admission admission_;
  Warn warn_;
  std::shared_ptr<Users> users_ = std::make_shared<Users>();
  RepeatedMessage too_many_;
  Newcomers newcomers_;   // the oldest first
  FileDescriptor silent_; // an epoll descriptor with the sockets of those that are silent
  std::size_t silent_count_ = 0;
  FdWatcher watcher_, silent_watcher_;
  Timer pause_, quiet_, patience_;
};

} // namespace upstart::base
