#include "daemons/base/values/lifetime.hpp"

#include <utility>

namespace upstart::base {

// Observers stand in a list, so that one on the stack costs nothing but its place in it.
void Lifetime::Observer::join(Lifetime* lifetime) {
  lifetime_ = lifetime;
  if (lifetime == nullptr) return;
  next_ = std::exchange(lifetime->first_, this);
  place_ = &lifetime->first_;
  if (next_ != nullptr) next_->place_ = &next_;
}

void Lifetime::Observer::leave() {
  if (lifetime_ == nullptr) return;
  *place_ = next_;
  if (next_ != nullptr) next_->place_ = place_;
  lifetime_ = nullptr;
}

Lifetime::~Lifetime() {
  for (Observer* observer = first_; observer != nullptr; observer = observer->next_) observer->lifetime_ = nullptr;
}

} // namespace upstart::base
