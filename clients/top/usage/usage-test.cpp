#include "clients/top/usage/usage.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <array>
#include <filesystem>
#include <format>
#include <fstream>

using namespace upstart::top;
using namespace std::chrono_literals;

namespace {

// A /proc with as many processes as a test says.
class Proc {
public:
  Proc() {
    std::string pattern = std::filesystem::temp_directory_path() / "proc-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  Proc(const Proc&) = delete;
  Proc& operator=(const Proc&) = delete;
  ~Proc() { std::filesystem::remove_all(directory_); }

  // Times in ticks, memory in pages.
  void add(int pid, int user, int system, int resident, const std::string& children, int threads = 1) {
    auto process = directory_ / std::to_string(pid);
    std::filesystem::create_directories(process / "task" / std::to_string(pid));
    std::ofstream{process / "stat"} << std::format(
        "{} (a ) b) S 1 {} 0 0 0 0 0 0 0 0 {} {} 0 0 20 0 {} 0 99 4096 {} 18446744073709551615 1 1\n", pid, pid, user,
        system, threads, resident);
    std::ofstream{process / "task" / std::to_string(pid) / "children"} << children;
  }
  void add_thread(int pid, int thread, const std::string& children) {
    auto task = directory_ / std::to_string(pid) / "task" / std::to_string(thread);
    std::filesystem::create_directories(task);
    std::ofstream{task / "children"} << children;
  }
  [[nodiscard]] std::string path() const { return directory_; }

private:
  std::filesystem::path directory_;
};

const auto tick = std::chrono::microseconds{1'000'000 / ::sysconf(_SC_CLK_TCK)};
const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));

} // namespace

TEST_CASE("a job's use is that of its processes and of all that they have started, in whichever thread") {
  Proc proc;
  proc.add(10, 3, 4, 100, "11 12 ");
  proc.add(11, 1, 0, 10, "", 2);
  proc.add_thread(11, 15, "13 ");
  proc.add(12, 0, 1, 10, "");
  proc.add(13, 1, 1, 5, "");
  auto usage = usage_of(std::array{10}, proc.path());
  CHECK(usage.cpu == tick * 11);
  CHECK(usage.memory == page * 125);
}

TEST_CASE("a process has as many children as it likes") {
  Proc proc;
  constexpr int first = 1'000'000, count = 600;
  std::string children;
  for (int pid = first; pid < first + count; ++pid) {
    proc.add(pid, 0, 0, 1, "");
    children += std::to_string(pid) + " ";
  }
  proc.add(10, 0, 0, 1, children);
  CHECK(usage_of(std::array{10}, proc.path()).memory == page * (count + 1));
}

TEST_CASE("a process that is gone uses nothing, and a circle ends") {
  Proc proc;
  CHECK(usage_of(std::array{10}, proc.path()).memory == 0);
  proc.add(20, 1, 0, 1, "20");
  CHECK(usage_of(std::array{20}, proc.path()).memory >= page);
}

TEST_CASE("this process uses memory") { CHECK(usage_of(std::array{static_cast<int>(::getpid())}).memory > 100'000); }

TEST_CASE("percent count from one look to the next, and begin anew when processes have ended") {
  CpuMeter meter;
  CpuMeter::Clock::time_point start{};
  meter.look(start);
  CHECK(meter.percent("web", 100ms) == 0);
  meter.look(start + 2s);
  CHECK(meter.percent("web", 600ms) == doctest::Approx(25));
  meter.look(start + 4s);
  CHECK(meter.percent("web", 50ms) == 0);
  meter.look(start + 5s);
  CHECK(meter.percent("web", 550ms) == doctest::Approx(50));
}
