// The function that libFuzzer calls.
#include "daemons/job-supervisor/language/round-trip.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto violated = upstart::supervisor::violated_property(text)) {
    std::fprintf(stderr, "%s\n", violated->c_str());
    std::abort();
  }
  return 0;
}
