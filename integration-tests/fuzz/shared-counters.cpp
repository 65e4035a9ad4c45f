// The branches that a daemon takes, counted where a fuzzer outside it can see them: a file of the daemon's name in the
// directory UPSTART_FUZZ_COUNTERS, 64 KiB of counters. Without that variable they are counted for nobody. This file
// itself is not instrumented.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" void __sanitizer_cov_trace_pc();

namespace {

constexpr std::size_t places = std::size_t{1} << 16U;
std::array<std::uint8_t, places> nobodys;
std::uint8_t* counters = nobodys.data();

[[gnu::constructor]] void share() {
  const char* directory = std::getenv("UPSTART_FUZZ_COUNTERS");
  if (directory == nullptr) return;
  auto path = std::string{directory} + "/" + program_invocation_short_name;
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ::ftruncate(file, places) != 0) return;
  void* shared = ::mmap(nullptr, places, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (shared != MAP_FAILED) counters = static_cast<std::uint8_t*>(shared);
}

} // namespace

extern "C" void __sanitizer_cov_trace_pc() {
  const auto place = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  constexpr std::uintptr_t spread = 0x9E3779B97F4A7C15U; // neighbouring addresses go to distant counters
  ++counters[(place * spread) >> 48U];
}
