// The bridge's session with the event broker: events are emitted over it, and each is reported when it has finished,
// also when the broker was away meanwhile. It comes back when the broker does.
#pragma once

#include "daemons/base/event-emitter.hpp"
#include "daemons/base/reconnecting-connection.hpp"

#include <functional>
#include <memory>
#include <string>

namespace upstart::bridge {

// The emitter: what a bridge needs of the broker. A core numbers its emissions (tickets) and learns the end of each.
class Emitter {
public:
  Emitter() = default;
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;
  virtual ~Emitter() = default;

  // `finished` is called once, from the loop, when the event has finished (failed: a job failed because of it, or the
  // broker refused it), and after what the supervisor had said by then of the jobs that it started.
  // `accepted`, where given, is called once before that, when the broker has the event: it cannot be lost any more.
  virtual void emit(base::Emission emission, std::function<void(bool failed)> finished,
                    std::function<void()> accepted = {}) = 0;
};

class BrokerSession final : public Emitter {
public:
  struct Events {
    std::function<void()> ready; // events are taken from now on
    std::function<void()> gone;
  };

  // `address` is that of the broker's own socket.
  BrokerSession(base::EventLoop& loop, const std::string& address, Events events);
  ~BrokerSession() override;

  void emit(base::Emission emission, std::function<void(bool failed)> finished,
            std::function<void()> accepted) override;

private:
  base::EventLoop& loop_;
  Events events_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  base::ReconnectingConnection connection_;
  base::EventEmitter emitter_;
};

} // namespace upstart::bridge
