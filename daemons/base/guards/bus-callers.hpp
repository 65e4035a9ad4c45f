// Who the callers on a bus are. The bus daemon knows, and it may be slow, or hang, or be a job of this very process, so
// it is never waited for: the first calls of a caller are held, the bus is asked, and when it has answered they are
// handed to the library once more, in their order. Whoever calls again is known.
//
// Invariant: the calls of one caller are seen in the order in which they came. A caller that is being asked about, or
// whose held calls have not all been seen again, is not forgotten.
#pragma once

#include <sys/types.h>

#include <systemd/sd-bus.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::base {

// Who is at the other end, as the kernel (peer) or the bus daemon says.
struct Caller {
  uid_t uid = static_cast<uid_t>(-1);
  pid_t pid = 0;
};

class BusCallers {
public:
  // The bus outlives this.
  explicit BusCallers(sd_bus* bus) : bus_{bus} {}
  BusCallers(const BusCallers&) = delete;
  BusCallers& operator=(const BusCallers&) = delete;

  // Nothing where the bus has not been asked, or has not answered.
  [[nodiscard]] const Caller* find(std::string_view sender) const;
  // For a filter: true where this is a method call that must wait; it comes again. A caller that has too many waiting
  // is refused with LimitsExceeded, and what can only be looked at waits for nobody.
  [[nodiscard]] bool hold(sd_bus_message* message);

private:
  using Message = std::unique_ptr<sd_bus_message, sd_bus_message* (*)(sd_bus_message*)>;
  struct Entry {
    std::string name;
    std::optional<Caller> caller;
    std::deque<Message> held;      // until the bus has answered
    std::deque<Message> returning; // handed to the library again, and not seen yet
    std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)> question{nullptr, sd_bus_slot_unref};
    BusCallers* owner = nullptr;
  };

  bool keep(Entry& entry, sd_bus_message* message);
  bool returns(Entry& entry, sd_bus_message* message);
  bool ask(Entry& entry);
  void answered(Entry& entry, sd_bus_message* reply);
  void give_back(Entry& entry, Message message);
  void make_room();

  sd_bus* bus_;
  std::map<std::string, Entry, std::less<>> entries_; // by unique name, and those are never used again
};

} // namespace upstart::base
