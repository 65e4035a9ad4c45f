// Whether an object is still there, for who calls out of it or is called later and may find it gone. The object has a
// Lifetime, which takes a pointer's room; who asks has an Observer of it. Nothing is allocated. It is to be the
// object's last member, the first that goes. Not for several threads.
#pragma once

namespace upstart::base {

class Lifetime {
public:
  // A copy asks about the same object.
  class Observer {
  public:
    explicit Observer(Lifetime& lifetime) { join(&lifetime); }
    Observer(const Observer& other) { join(other.lifetime_); }
    Observer& operator=(const Observer& other) {
      if (this == &other) return *this;
      leave();
      join(other.lifetime_);
      return *this;
    }
    ~Observer() { leave(); }
    [[nodiscard]] bool expired() const { return lifetime_ == nullptr; }

  private:
    friend class Lifetime;
    void join(Lifetime* lifetime);
    void leave();

    Lifetime* lifetime_ = nullptr; // null: it has ended
    Observer* next_ = nullptr;
    Observer** place_ = nullptr; // what points to this one
  };

  Lifetime() = default;
  Lifetime(const Lifetime&) = delete;
  Lifetime& operator=(const Lifetime&) = delete;
  ~Lifetime();

private:
  Observer* first_ = nullptr;
};

} // namespace upstart::base
