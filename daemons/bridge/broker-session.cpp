#include "daemons/bridge/broker-session.hpp"

namespace upstart::bridge {

BrokerSession::BrokerSession(base::EventLoop& loop, const std::string& address, Events events)
    : loop_{loop},
      events_{std::move(events)},
      connection_{loop,
                  {.other_end = "event broker"},
                  {.connected =
                       [this](auto& connection) {
                         emitter_.connected(connection);
                         events_.ready();
                       },
                   .lost =
                       [this] {
                         emitter_.lost();
                         events_.gone();
                       }}},
      emitter_{loop, base::EventEmitter::Learns::by_asking} {
  connection_.connect_to(address);
}

BrokerSession::~BrokerSession() { *alive_ = false; }

// The supervisor's word that a job has become active may lie unread beside the broker's that the event has finished: it
// is read first.
void BrokerSession::emit(base::Emission emission, std::function<void(bool failed)> finished,
                         std::function<void()> accepted) {
  base::EventEmitter::Accepted on_accepted;
  if (accepted) on_accepted = [accepted = std::move(accepted)](base::EventId) { accepted(); };
  emitter_.emit(
      std::move(emission),
      [this, finished = std::move(finished)](bool failed) {
        loop_.defer([alive = alive_, finished, failed] {
          if (*alive) finished(failed);
        });
      },
      std::move(on_accepted));
}

} // namespace upstart::bridge
