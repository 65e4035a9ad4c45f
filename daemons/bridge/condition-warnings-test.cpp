#include "daemons/bridge/condition-warnings.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

using namespace upstart::bridge;

namespace {

// What is logged while it lives, a line each.
class Logged {
public:
  Logged() {
    auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%v");
    spdlog::set_default_logger(logger);
  }
  Logged(const Logged&) = delete;
  Logged& operator=(const Logged&) = delete;
  ~Logged() { spdlog::set_default_logger(before_); }
  [[nodiscard]] std::string text() const { return text_.str(); }

private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

ConditionWarning warning(const std::string& text) {
  return {.job = "web", .match = {.event = "socket", .arguments = {}}, .text = text};
}

} // namespace

TEST_CASE("a warning is logged when its place is known, and each once") {
  Logged log;
  ConditionWarnings warnings;
  std::vector<ConditionWarnings::Number> asked;
  warnings.connected([&](auto number, const auto&) { asked.push_back(number); });
  warnings.tell(warning("one"));
  warnings.tell(warning("two"));
  REQUIRE(asked.size() == 2);
  CHECK(log.text().empty());
  warnings.take_place(asked[1], "/etc/init/web.conf:7");
  warnings.take_place(asked[0], "");
  warnings.take_place(asked[0], "/late");
  CHECK(log.text() == "/etc/init/web.conf:7: two\none\n");
}

TEST_CASE("a warning that nobody can place is logged at once, as are those that wait when the supervisor goes") {
  Logged log;
  ConditionWarnings warnings;
  warnings.tell(warning("one"));
  CHECK(log.text() == "one\n");
  warnings.connected([](auto, const auto&) {});
  warnings.tell(warning("two"));
  warnings.disconnected();
  CHECK(log.text() == "one\ntwo\n");
  warnings.tell(warning("three"));
  CHECK(log.text() == "one\ntwo\nthree\n");
}
