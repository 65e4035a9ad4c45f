#include "daemons/job-supervisor/lifecycle/state.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace upstart::supervisor;

TEST_CASE("every state leads where lifecycle.md says, by goal") {
  struct Row {
    State from, when_start, when_stop;
  };
  using enum State;
  for (auto [from, when_start, when_stop] : std::initializer_list<Row>{{waiting, starting, waiting},
                                                                       {starting, security_spawning, stopping},
                                                                       {security_spawning, security, security},
                                                                       {security, pre_starting, stopping},
                                                                       {pre_starting, pre_start, pre_start},
                                                                       {pre_start, spawning, stopping},
                                                                       {spawning, spawned, spawned},
                                                                       {spawned, post_starting, stopping},
                                                                       {post_starting, post_start, post_start},
                                                                       {post_start, running, stopping},
                                                                       {running, stopping, pre_stopping},
                                                                       {pre_stopping, pre_stop, pre_stop},
                                                                       {pre_stop, running, stopping},
                                                                       {stopping, killed, killed},
                                                                       {killed, post_stopping, post_stopping},
                                                                       {post_stopping, post_stop, post_stop},
                                                                       {post_stop, starting, waiting}}) {
    CAPTURE(std::string{name_of(from)});
    CHECK(next_state(from, Goal::start, true) == when_start);
    CHECK(next_state(from, Goal::stop, true) == when_stop);
    CHECK(next_state(from, Goal::respawn, true) == when_stop);
  }
}

TEST_CASE("without a main process pre-stop is skipped") {
  CHECK(next_state(State::running, Goal::stop, false) == State::stopping);
}

TEST_CASE("states and goals have the names that clients know") {
  CHECK(name_of(State::security_spawning) == "security-spawning");
  CHECK(name_of(State::post_stop) == "post-stop");
  CHECK(name_of(Goal::respawn) == "respawn");
}
