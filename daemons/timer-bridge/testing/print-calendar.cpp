// timer-calendar AT|CRON TEXT BEGIN COUNT [ZONE]: prints the next moments of a calendar time after a second since 1970,
// as seconds since 1970, one a line. For comparison with other programs.
#include "daemons/timer-bridge/clock/time-zones.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

using namespace upstart::timer_bridge;

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  std::string kind{argv[1]};
  auto calendar = kind == "CRON" ? parse_cron(argv[2]) : parse_at(argv[2]);
  if (!calendar) {
    std::cerr << calendar.error() << '\n';
    return 1;
  }
  auto zone = zone_of(argc > 5 ? argv[5] : "");
  WallTime time{std::chrono::seconds{std::atoll(argv[3])}};
  for (int left = std::atoi(argv[4]); left > 0; --left) {
    auto found = next(*calendar, time, *zone);
    if (!found) break;
    time = *found;
    std::cout << time.time_since_epoch().count() << '\n';
  }
}
