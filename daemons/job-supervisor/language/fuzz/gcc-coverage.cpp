// libFuzzer steers by counters that clang's instrumentation keeps. GCC's calls a function at every branch instead
// (-fsanitize-coverage=trace-pc): here that function keeps such counters, one for each place, and gives them to
// libFuzzer. This file itself must not be instrumented. The linker wraps the function, because libFuzzer has an empty
// one.
#include <array>
#include <cstdint>

extern "C" {
void __sanitizer_cov_8bit_counters_init(std::uint8_t* begin, std::uint8_t* end);
void __wrap___sanitizer_cov_trace_pc();
// Comparisons of floating point numbers, of which libFuzzer knows nothing.
void __sanitizer_cov_trace_cmpf(float, float) {}
void __sanitizer_cov_trace_cmpd(double, double) {}
}

namespace {

constexpr std::size_t places = std::size_t{1} << 16U;
std::array<std::uint8_t, places> counters;

[[maybe_unused]] const bool registered =
    (__sanitizer_cov_8bit_counters_init(counters.data(), counters.data() + places), true);

} // namespace

void __wrap___sanitizer_cov_trace_pc() {
  const auto place = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  constexpr std::uintptr_t spread = 0x9E3779B97F4A7C15U; // neighbouring addresses go to distant counters
  ++counters[(place * spread) >> 48U];
}
