#include "daemons/job-supervisor/process/adoption/kept-descriptors.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace upstart;
using namespace upstart::supervisor;

namespace {
base::FileDescriptor null_device() { return base::FileDescriptor{::open("/dev/null", O_RDWR | O_CLOEXEC)}; }
} // namespace

TEST_CASE("descriptors that an earlier supervisor had kept are found by number and label, others are left") {
  std::vector<std::string> warnings;
  KeptDescriptors kept{[&](const std::string& text) { warnings.push_back(text); }};
  std::multimap<std::string, base::FileDescriptor> inherited;
  for (const char* name : {"job.3", "job.12 web.log", "exits", "job.", "job.x", "job.7junk"})
    inherited.emplace(name, null_device());
  kept.inherit(inherited);
  CHECK(inherited.size() == 4);
  CHECK(kept.take(12).label == "web.log");
  CHECK_FALSE(kept.take(12).fd);
  CHECK_FALSE(kept.take(7).fd);
  auto rest = kept.take_rest();
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].keeping.number() == 3);
}

TEST_CASE("without an init that keeps them there is no warning, and with one that cannot be reached a single one") {
  ::unsetenv("NOTIFY_SOCKET");
  std::vector<std::string> warnings;
  KeptDescriptors alone{[&](const std::string& text) { warnings.push_back(text); }};
  auto device = null_device();
  CHECK(alone.keep(device.get()).number() == 0);
  CHECK(warnings.empty());
  ::setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
  KeptDescriptors unreachable{[&](const std::string& text) { warnings.push_back(text); }};
  for (int i = 0; i < 3; ++i) CHECK(unreachable.keep(device.get()).number() == 0);
  CHECK(warnings.size() == 1);
  ::unsetenv("NOTIFY_SOCKET");
}
