// Who handles events: each handler by its name, what it wants, in how many pending events it has a part, and under
// which subscription it is attached now, if it is.
#pragma once

#include "daemons/event-broker/queue/interest.hpp"
#include "daemons/event-broker/values/effects.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace upstart::broker {

// More than twenty methods: most are one line each, for what the queue asks of a handler.
class Handlers {
public:
  // The handler of that name; a new one, which wants nothing, where there is none.
  HandlerId named(const std::string& name);
  [[nodiscard]] const std::string& name_of(HandlerId id) const { return handlers_.at(id).name; }
  [[nodiscard]] std::vector<std::string> names_of(const std::vector<HandlerId>& ids) const;

  // It wants these events and no others; or some more and some less.
  void want_only(HandlerId id, const std::vector<std::string>& wanted);
  void change_wants(HandlerId id, const std::vector<std::string>& add, const std::vector<std::string>& remove);
  // The handlers that want an event of this name, ascending.
  [[nodiscard]] std::vector<HandlerId> wanting(const std::string& event) const { return interest_.wanting(event); }
  [[nodiscard]] std::vector<std::string> wanted_by_others(HandlerId id) const { return interest_.wanted_by_others(id); }

  // A subscription for it, in place of the one that it has.
  SubscriptionId attach(HandlerId id);
  void detach(SubscriptionId subscription);
  // 0 while it is away.
  [[nodiscard]] SubscriptionId subscription_of(HandlerId id) const { return handlers_.at(id).subscription; }
  [[nodiscard]] std::optional<HandlerId> find(SubscriptionId subscription) const;

  void part_begins(HandlerId id) { ++handlers_.at(id).parts; }
  void part_ends(HandlerId id) { --handlers_.at(id).parts; }
  [[nodiscard]] bool has_parts(HandlerId id) const { return handlers_.at(id).parts > 0; }
  // It is away, wants nothing and owes nothing.
  [[nodiscard]] bool is_idle(HandlerId id) const;
  void forget(HandlerId id);

  struct View {
    SubscriptionId handler = 0;
    std::vector<std::string> wanted_by_others;
  };
  // The attached handlers for which what others want has changed since the last time.
  [[nodiscard]] bool views_changed() const { return !stale_views_.empty(); }
  std::vector<View> take_changed_views();

  void add_snapshot(std::vector<Change>& changes) const;

private:
  struct Handler {
    std::string name;
    SubscriptionId subscription = 0;
    std::set<std::string> wants;
    std::size_t parts = 0;
  };

  void want(HandlerId id, const std::string& wanted);
  void unwant(HandlerId id, const std::string& wanted);
  void mark_views(HandlerId changed, const Interest::Others& others);

  Interest interest_;
  std::map<HandlerId, Handler> handlers_;
  std::unordered_map<SubscriptionId, HandlerId> subscriptions_;
  std::set<HandlerId> stale_views_;
  HandlerId last_handler_ = 0;
  SubscriptionId last_subscription_ = 0;
};

} // namespace upstart::broker
