// One function object of several, to visit a variant with: each alternative as a case.
#pragma once

namespace upstart::supervisor {

template <typename... Each> struct Cases : Each... {
  using Each::operator()...;
};

} // namespace upstart::supervisor
