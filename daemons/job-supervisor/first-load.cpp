#include "daemons/job-supervisor/first-load.hpp"

#include <utility>

namespace upstart::supervisor {

namespace {
// Some 100 µs: a client that comes waits no longer for each of its messages.
constexpr std::size_t files_at_once = 16;
// Where somebody waits for all: of so many is kept what is to be told of them, and not of all.
constexpr std::size_t files_in_a_row = 128;
} // namespace

void FirstLoad::begin(Configuration& configuration) {
  configuration_ = &configuration;
  configuration.begin_load();
  loop_.defer([this] { go_on(); });
}

void FirstLoad::go_on() {
  if (!is_under_way()) return;
  read(files_at_once);
  if (is_under_way()) loop_.defer([this] { go_on(); });
}

void FirstLoad::finish() {
  while (is_under_way() && !reading_) read(files_in_a_row);
}

void FirstLoad::load_job(const std::string& name) {
  if (!is_under_way() || reading_) return;
  reading_ = true;
  configuration_->load_job(name);
  reading_ = false;
}

void FirstLoad::read(std::size_t most) {
  reading_ = true;
  bool more = configuration_->load_part(most);
  reading_ = false;
  if (more) return;
  configuration_ = nullptr;
  over_();
}

} // namespace upstart::supervisor
