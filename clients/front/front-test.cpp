#include "clients/front/execute.hpp"

#include "daemons/base/listen.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <poll.h>
#include <sys/socket.h>

#include <format>
#include <thread>

using namespace upstart;
using namespace upstart::client::front;

namespace {

std::optional<Request> request(std::vector<const char*> words) { return plain_request(words); }

// What stands between the handshake and the message of a conversation.
constexpr std::string_view accepted = "OK 0123456789abcdef0123456789abcdef\r\n";

// A message as a peer would send it: an answer, an error or a signal to the call with this serial.
std::string message(char type, std::uint32_t to, std::string_view error_name, const std::string& body) {
  auto number = [](std::string& bytes, std::uint32_t value) {
    bytes.resize((bytes.size() + 3) / 4 * 4);
    bytes.append(reinterpret_cast<const char*>(&value), 4);
  };
  std::string fields;
  auto field = [&](char code, char signature) {
    fields.resize((fields.size() + 7) / 8 * 8);
    fields += {code, '\1', signature, '\0'};
  };
  field(5, 'u');
  number(fields, to);
  if (!error_name.empty()) {
    field(4, 's');
    number(fields, static_cast<std::uint32_t>(error_name.size()));
    (fields += error_name) += '\0';
  }
  std::string bytes{'l', type, '\0', '\1'};
  number(bytes, static_cast<std::uint32_t>(body.size()));
  number(bytes, 7);
  number(bytes, static_cast<std::uint32_t>(fields.size()));
  bytes += fields;
  bytes.resize((bytes.size() + 7) / 8 * 8);
  return bytes + body;
}

std::string answer(std::uint32_t to, const std::string& body) { return message('\2', to, "", body); }
std::string error(std::uint32_t to, std::string_view name) { return message('\3', to, name, ""); }
std::string path_body(const std::string& path) { return Arguments{}.text(path).bytes(); }

// The answer to GetAll; `others`: entries that nobody here knows stand between.
std::string properties(std::string_view goal, std::string_view state, bool others = false) {
  std::string entries;
  auto pad = [&](std::size_t to) { entries.resize((entries.size() + to - 1) / to * to); };
  auto text = [&](std::string_view value) {
    pad(4);
    auto size = static_cast<std::uint32_t>(value.size());
    entries.append(reinterpret_cast<const char*>(&size), 4);
    (entries += value) += '\0';
  };
  auto key = [&](std::string_view name, std::string_view signature) {
    pad(8);
    text(name);
    entries += static_cast<char>(signature.size());
    (entries += signature) += '\0';
  };
  auto numbers = [&](std::initializer_list<std::uint32_t> values) {
    pad(4);
    for (auto value : values) entries.append(reinterpret_cast<const char*>(&value), 4);
  };
  key("name", "s");
  text("");
  if (others) {
    key("since", "t");
    pad(8);
    entries += "12345678";
    key("limits", "a{s(iv)}");
    numbers({0});
    pad(8);
    key("nested", "v");
    entries += {'\2', 'a', 's', '\0'};
    numbers({0});
  }
  key("goal", "s");
  text(goal);
  key("state", "s");
  text(state);
  key("processes", "a(si)");
  numbers({16}); // bytes
  pad(8);
  text("main");
  numbers({4711});
  std::string body(8, '\0');
  auto size = static_cast<std::uint32_t>(entries.size());
  body.replace(0, 4, reinterpret_cast<const char*>(&size), 4);
  return body + entries;
}

// A daemon that has all its answers ready, and what it was told until the client hung up.
class Script {
public:
  explicit Script(const std::string& answers)
      : address_{std::format("unix:abstract=/upstart-front-test/{}", ::getpid())},
        listening_{*base::listen_at(address_)},
        daemon_{[this, answers] { serve(answers); }} {}
  ~Script() { daemon_.join(); }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  [[nodiscard]] std::optional<std::string> execute(const Request& what) {
    auto peer = Peer::connect(address_);
    return peer ? client::front::execute(what, "token.1", *peer) : std::nullopt;
  }

private:
  void serve(const std::string& answers) {
    pollfd waiting{.fd = listening_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 10'000) != 1) return; // nobody comes
    base::FileDescriptor client{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!client) return;
    ::send(client.get(), answers.data(), answers.size(), MSG_NOSIGNAL);
    ::shutdown(client.get(), SHUT_WR);
    char byte = 0;
    while (::recv(client.get(), &byte, 1, 0) > 0) {}
  }

  std::string address_;
  base::FileDescriptor listening_;
  std::thread daemon_;
};

std::optional<std::string> outcome(const Request& what, std::string_view conversation) {
  Script daemon{std::string{conversation}};
  return daemon.execute(what);
}

bool skips(std::string_view bytes, std::string_view signature) {
  Reader reader{bytes};
  reader.skip(signature);
  return reader.is_sound() && reader.at_end();
}

// A structure in a structure in a structure…
bool skips_nested(std::size_t depth) { return skips("x", std::string(depth, '(') + 'y' + std::string(depth, ')')); }

const Request start{.command = Request::Command::start, .name = "web"};
const Request status{.command = Request::Command::status, .name = "web"};
const std::string web_path = protocol::instance_path("web", "");

} // namespace

TEST_CASE("plain commands are done here, whichever way they are called") {
  CHECK(request({"/sbin/initctl", "start", "web"}) == start);
  CHECK(request({"start", "web"}) == start);
  CHECK(
      request({"start", "web", "-n", "PORT=1", "--quiet"}) ==
      Request{
          .command = Request::Command::start, .name = "web", .environment = {"PORT=1"}, .wait = false, .quiet = true});
  CHECK(request({"initctl", "emit", "net-device-up", "IFACE=eth0"}) ==
        Request{.command = Request::Command::emit, .name = "net-device-up", .environment = {"IFACE=eth0"}});
}

TEST_CASE("everything else is the full program's") {
  CHECK_FALSE(request({}));
  CHECK_FALSE(request({"initctl"}));
  CHECK_FALSE(request({"initctl", "list"}));
  CHECK_FALSE(request({"emit", "event"})); // there is no such link
  CHECK_FALSE(request({"initctl", "--system", "start", "web"}));
  CHECK_FALSE(request({"start"})); // the job whose process this is, if it is one
  CHECK_FALSE(request({"start", "--json", "web"}));
  CHECK_FALSE(request({"status", "-n", "web"}));
  CHECK_FALSE(request({"start", "web", "db"}));
  CHECK_FALSE(request({"start", "w*"}));
  CHECK_FALSE(request({"start", "w\xc3\xa4"}));
  CHECK_FALSE(request({"start", "web", "=1"}));
  CHECK_FALSE(request({"start", "--", "web"}));
  CHECK_FALSE(request({"start", ""}));
}

TEST_CASE("a start prints the status that the job has then") {
  auto conversation =
      std::string{accepted} + answer(1, path_body(web_path)) + answer(2, properties("start", "running"));
  CHECK(outcome(start, conversation) == "web start/running, process 4711\n");
  auto quiet = start;
  quiet.quiet = true;
  CHECK(outcome(quiet, conversation) == "");
}

TEST_CASE("properties that are not known here are ignored") {
  auto conversation =
      std::string{accepted} + answer(1, path_body(web_path)) + answer(2, properties("stop", "killed", true));
  CHECK(outcome(start, conversation) == "web stop/killed, process 4711\n");
}

TEST_CASE("what is skipped is complete, and no deeper than D-Bus allows") {
  constexpr std::string_view two{"\2\0\0\0xy", 6}, hundred{"\144\0\0\0xy", 6};
  CHECK(skips(two, "ay"));
  CHECK_FALSE(skips(hundred, "ay"));
  CHECK_FALSE(skips(two, "a"));
  CHECK_FALSE(skips("", "("));
  CHECK_FALSE(skips("x", "(y"));
  CHECK_FALSE(skips("x", "((y)"));
  CHECK_FALSE(skips("x", "(y}"));
  CHECK_FALSE(skips("x", "?"));
  CHECK(skips_nested(32));
  CHECK_FALSE(skips_nested(33));
}

TEST_CASE("signals and answers in another order do not confuse it") {
  auto conversation = std::string{accepted} + message('\4', 9, "", "") + answer(2, properties("start", "running")) +
                      answer(1, path_body(web_path));
  CHECK(outcome(status, conversation) == "web start/running, process 4711\n");
}

TEST_CASE("a class without an instance is stopped; one that was asked for by its variables is an error") {
  auto conversation = std::string{accepted} + error(1, protocol::error_name::unknown_instance) +
                      error(2, protocol::error_name::unknown_method);
  CHECK(outcome(status, conversation) == "web stop/waiting\n");
  auto one = status;
  one.environment = {"N=1"};
  CHECK(outcome(one, conversation) == std::nullopt);
}

TEST_CASE("an instance that is not the likely one is asked for by itself") {
  auto path = protocol::instance_path("web", "1");
  auto conversation = std::string{accepted} + answer(1, path_body(path)) +
                      error(2, protocol::error_name::unknown_method) + answer(3, properties("start", "running"));
  CHECK(outcome(status, conversation) == "web start/running, process 4711\n");
}

TEST_CASE("errors, refusals and what is cut off or malformed are left to the full program") {
  auto good = std::string{accepted} + answer(1, path_body(web_path)) + answer(2, properties("start", "running"));
  REQUIRE(outcome(start, good));
  CHECK_FALSE(outcome(start, std::string{accepted} + error(1, protocol::error_name::job_failed)));
  CHECK_FALSE(outcome(start, "REJECTED EXTERNAL\r\n"));
  CHECK_FALSE(outcome(start, std::string(2000, 'x')));
  for (std::size_t size = 0; size < good.size(); size += 7) CHECK_FALSE(outcome(start, good.substr(0, size)));
  for (std::size_t at = accepted.size(); at < good.size(); ++at) {
    auto bad = good;
    bad[at] = '\xff';
    (void)outcome(start, bad); // whatever it says, it ends
  }
}
