// What callers on a bus have been answered and have not read. The bus daemon keeps it for them, and stops reading from
// us, and so for everybody, when it keeps too much that is ours: one caller that asks and never reads would make us
// unreachable. Answers are charged to the user who asked; the bus daemon knows what of it is unread and is asked,
// without waiting, now and then. A user who has too much unread is refused, and at last not answered at all.
//
// A bus that does not tell (its Stats interface is not there) is taken to have passed on everything.
#pragma once

#include <sys/types.h>

#include <systemd/sd-bus.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace upstart::base {

class BusAllowance {
public:
  enum class Verdict { answer, refuse, ignore };
  // Bytes that one user may have unread.
  static constexpr std::size_t most_unread = std::size_t{16} << 20;

  // The bus outlives this.
  explicit BusAllowance(sd_bus* bus) : bus_{bus} {}
  BusAllowance(const BusAllowance&) = delete;
  BusAllowance& operator=(const BusAllowance&) = delete;

  // A call has come from this sender, who is this user; a small answer is charged at once.
  [[nodiscard]] Verdict call(std::string_view sender, uid_t user);
  // A large answer goes to this sender, who has called.
  void charge(std::string_view sender, std::size_t bytes);

private:
  struct Entry {
    std::string name;
    BusAllowance* owner = nullptr;
    uid_t user = 0;
    std::size_t bytes = 0; // not known to be read
    std::size_t asked = 0; // as many of them when the bus was asked
    std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)> question{nullptr, sd_bus_slot_unref};
  };

  void add(Entry& entry, std::size_t bytes);
  void set(Entry& entry, std::size_t bytes);
  void ask(Entry& entry);
  void answered(Entry& entry, sd_bus_message* reply);
  void make_room();

  sd_bus* bus_;
  std::map<std::string, Entry, std::less<>> entries_; // by unique name
  std::unordered_map<uid_t, std::size_t> users_;      // the sum of theirs
};

} // namespace upstart::base
