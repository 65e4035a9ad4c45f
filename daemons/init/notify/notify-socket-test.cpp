#include "daemons/base/service-manager.hpp"
#include "daemons/init/notify/notify-socket.hpp"
#include "daemons/init/testing/stand-in-session.hpp"

#include <doctest/doctest.h>

#include <sys/eventfd.h>
#include <sys/stat.h>

#include <cstdlib>

using namespace upstart::init;
using namespace upstart::base;

TEST_CASE("a notification is read line by line, and what is not known is ignored") {
  auto both = parse_notification("READY=1\nSTATUS=all well\nX_OTHER=1\n");
  CHECK(both.ready);
  CHECK(both.status == "all well");
  CHECK_FALSE(both.stopping);
  CHECK(parse_notification("STOPPING=1").stopping);
  CHECK(parse_notification("X_UPSTART_CONTAINER_END=7").container_end == 7);
  for (const char* no_status : {"", "256", "-1", "7x"})
    CHECK_FALSE(parse_notification(std::string{"X_UPSTART_CONTAINER_END="} + no_status).container_end);
  CHECK(parse_notification("FDSTORE=1\nFDNAME=log=x").keep);
  CHECK(parse_notification("FDSTORE=1\nFDNAME=log=x").name == "log=x");
  CHECK(parse_notification("FDSTORE=1").name == "stored");
  CHECK(parse_notification("FDSTOREREMOVE=1\nFDNAME=a").forget);
  CHECK(parse_notification("WATCHDOG_USEC=20\nWATCHDOG=1").alive);
  CHECK(parse_notification("WATCHDOG_USEC=20\nWATCHDOG=1").period == std::chrono::microseconds{20});
  CHECK_FALSE(parse_notification("WATCHDOG=trigger\nWATCHDOG_USEC=-1\nWATCHDOG_USEC=1s").period);
  CHECK(parse_notification("X-UPSTART-BRIDGES=file-bridge timer-bridge").bridges ==
        std::vector<std::string>{"file-bridge", "timer-bridge"});
  CHECK(parse_notification("X-UPSTART-BRIDGES=").bridges == std::vector<std::string>{});
  CHECK_FALSE(parse_notification("READY=1").bridges);
  CHECK(parse_notification("READY=0\nready=1\n\n") == Notification{});
  CHECK(parse_notification("") == Notification{});
}

TEST_CASE("a message arrives with its sender and with descriptors of its own") {
  TemporaryDirectory directory;
  auto path = directory.path() + "/notify";
  auto bound = NotifySocket::bind(path);
  REQUIRE(bound);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  EventLoop loop;
  std::vector<std::pair<pid_t, Notification>> messages;
  std::vector<FileDescriptor> received;
  NotifySocket socket{loop, std::move(*bound), [&](pid_t sender, const Notification& notification, auto descriptors) {
                        messages.emplace_back(sender, notification);
                        for (auto& descriptor : descriptors) received.push_back(std::move(descriptor));
                      }};
  FileDescriptor sent{::eventfd(0, EFD_CLOEXEC)};
  REQUIRE(keep_descriptor("counter", sent.get()));
  REQUIRE(notify_manager(std::string(5000, 'x'))); // longer than any message: not heard, and no harm done
  REQUIRE(notify_manager("READY=1"));
  loop.run_once();
  ::unsetenv("NOTIFY_SOCKET");
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].first == ::getpid());
  CHECK(messages[0].second.name == "counter");
  CHECK(messages[1].second.ready);
  REQUIRE(received.size() == 1);
  CHECK(received[0].get() != sent.get());
  CHECK((::fcntl(received[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a notification socket that cannot be made is told with its path and the reason") {
  auto bound = NotifySocket::bind("/no/such/notify");
  REQUIRE_FALSE(bound);
  CHECK(bound.error() == "unable to make the notification socket /no/such/notify: No such file or directory");
  CHECK(NotifySocket::bind("/" + std::string(200, 'x')).error().contains("File name too long"));
}
