#include "clients/base/status.hpp"

#include <doctest/doctest.h>

using namespace upstart::client;

TEST_CASE("the status of a job is one line and one more for each further process") {
  CHECK(to_text({.job = "j"}) == "j stop/waiting\n");
  CHECK(to_text({.job = "j", .instance = "", .goal = "start", .state = "running"}) == "j start/running\n");
  CHECK(to_text({.job = "j", .instance = "i", .goal = "start", .state = "running", .processes = {{"main", 7}}}) ==
        "j (i) start/running, process 7\n");
  CHECK(to_text({.job = "j",
                 .instance = "",
                 .goal = "stop",
                 .state = "pre-stop",
                 .processes = {{"main", 7}, {"pre-stop", 8}}}) == "j stop/pre-stop, process 7\n\tpre-stop process 8\n");
}

TEST_CASE("a process that only accompanies the job is named") {
  CHECK(
      to_text({.job = "j", .instance = "", .goal = "start", .state = "post-start", .processes = {{"post-start", 8}}}) ==
      "j start/post-start, (post-start) process 8\n");
  CHECK(to_text({.job = "j", .instance = "", .goal = "stop", .state = "post-stop", .processes = {{"post-stop", 8}}}) ==
        "j stop/post-stop, process 8\n");
}
