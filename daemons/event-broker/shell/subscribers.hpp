// The handlers that are attached now: which subscription each has, on which session, and how it is reached. A handler
// is here from its Attach until it goes, is replaced by one of the same name, or its session ends.
#pragma once

#include "daemons/event-broker/shell/requests.hpp"
#include "daemons/event-broker/shell/subscriber.hpp"

#include <map>
#include <memory>

namespace upstart::broker {

class Subscribers {
public:
  struct Entry {
    std::string handler;
    std::string ticket; // by which it proves that it is the same handler when it attaches anew; empty: none
    base::Caller caller;
    Session* session = nullptr;
    std::unique_ptr<Subscriber> subscriber{};
  };

  void add(SubscriptionId subscription, Entry entry);
  // Nothing changes where there is no such subscription.
  void remove(SubscriptionId subscription);
  void clear() { entries_.clear(); }

  // Nothing where it is not attached any more.
  [[nodiscard]] Entry* find(SubscriptionId subscription);
  // 0 where there is none.
  [[nodiscard]] SubscriptionId named(const std::string& handler) const;
  [[nodiscard]] SubscriptionId of(const Origin& from) const;
  // Whether this is the first ticket that was shown for this name since this process started: now, or before.
  bool is_first_ticket(const std::string& handler, const std::string& ticket);
  [[nodiscard]] std::vector<SubscriptionId> on(const Session& session) const;

private:
  std::map<SubscriptionId, Entry> entries_;
  std::map<std::string, std::string> first_tickets_;
  std::map<std::pair<const Session*, std::string>, SubscriptionId> by_sender_; // by session and unique name
};

} // namespace upstart::broker
