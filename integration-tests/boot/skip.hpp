// For tests that need machines: where none can be made they say so and pass.
#pragma once

#include "integration-tests/boot/machine.hpp"

#include <doctest/doctest.h>

#define SKIP_WITHOUT_MACHINES()                                                                                        \
  do {                                                                                                                 \
    if (auto reason = upstart::test::Machine::impossible_because(); !reason.empty()) {                                 \
      MESSAGE("skipped: " << reason);                                                                                  \
      return;                                                                                                          \
    }                                                                                                                  \
  } while (false)
