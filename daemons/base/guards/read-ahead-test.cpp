#include "daemons/base/guards/read-ahead.hpp"

#include "daemons/base/test/connected-sockets.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

using namespace upstart::base;

namespace {

void append_number(std::string& text, std::uint32_t number) {
  for (int i = 0; i < 4; ++i) text += static_cast<char>(number >> (8 * i));
}

// A message as the wire has it: a path, perhaps a number of descriptors, and a body.
std::string message(const std::string& body, std::uint32_t descriptors = 0) {
  std::string fields;
  fields += std::string{"\1\1o\0", 4};
  append_number(fields, 2);
  fields += std::string{"/a\0", 3};
  if (descriptors > 0) {
    fields.resize((fields.size() + 7) / 8 * 8);
    fields += std::string{"\11\1u\0", 4};
    append_number(fields, descriptors);
  }
  std::string text{"l\4\1\1", 4};
  append_number(text, static_cast<std::uint32_t>(body.size()));
  append_number(text, 1);
  append_number(text, static_cast<std::uint32_t>(fields.size()));
  text += fields;
  text.resize((text.size() + 7) / 8 * 8);
  return text + body;
}

struct Part {
  std::string bytes;
  int descriptors = 0;
  int error = 0;
};

struct Scenario : ConnectedSockets {
  Scenario() { input.emplace(near.get()); }
  void send(const std::string& text, bool with_descriptor = false) const {
    REQUIRE(send_message(far.get(), text, with_descriptor ? far.get() : -1) == static_cast<ssize_t>(text.size()));
  }
  // As the library reads: so many bytes, and what comes with them.
  Part read(std::size_t size) const {
    Part got{.bytes = std::string(size, '?')};
    iovec part{.iov_base = got.bytes.data(), .iov_len = size};
    msghdr received{};
    received.msg_iov = &part;
    received.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(253 * sizeof(int))> control{};
    received.msg_control = control.data();
    received.msg_controllen = control.size();
    auto bytes = ::recvmsg(near.get(), &received, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (bytes < 0) got.error = errno;
    got.bytes.resize(bytes < 0 ? 0 : static_cast<std::size_t>(bytes));
    for (auto* one = CMSG_FIRSTHDR(&received); one != nullptr && bytes > 0; one = CMSG_NXTHDR(&received, one)) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(one), sizeof descriptor);
      CHECK(::fcntl(descriptor, F_GETFD) == FD_CLOEXEC);
      ::close(descriptor);
      ++got.descriptors;
    }
    return got;
  }
  // A message in two parts: how many descriptors came with each.
  void read_message(const std::string& expected, int descriptors) const {
    auto header = read(24);
    auto rest = read(expected.size() - 24);
    CHECK(header.bytes + rest.bytes == expected);
    CHECK(header.descriptors + rest.descriptors == descriptors);
  }

  std::optional<ReadAhead> input;
};

} // namespace

TEST_CASE("what has come is read at once, and handed on as it is asked for") {
  Scenario scenario;
  auto one = message("one"), two = message("another");
  scenario.send(one);
  scenario.send(two);
  CHECK(scenario.read(24).bytes == one.substr(0, 24));
  CHECK(scenario.input->bytes() == one.size() + two.size() - 24);
  CHECK(scenario.read(one.size() - 24).bytes == one.substr(24));
  scenario.read_message(two, 0);
  CHECK(scenario.input->bytes() == 0);
}

TEST_CASE("when all has been read the library is told so once, and then the kernel is asked") {
  Scenario scenario;
  auto text = message("x");
  scenario.send(text);
  scenario.read_message(text, 0);
  scenario.send(text);
  CHECK(scenario.read(24).error == EAGAIN);
  scenario.read_message(text, 0);
}

TEST_CASE("descriptors come with the message that they were sent with") {
  Scenario scenario;
  auto plain = message("plain"), with = message("with", 1);
  for (int round = 0; round < 3; ++round) {
    scenario.send(plain);
    scenario.send(plain);
    scenario.send(with, true);
    scenario.send(plain);
    scenario.read_message(plain, 0);
    scenario.read_message(plain, 0);
    scenario.read_message(with, 1);
    scenario.read_message(plain, 0);
    CHECK(scenario.read(24).error == EAGAIN);
  }
}

TEST_CASE("descriptors of the first message that is read stay with it") {
  Scenario scenario;
  auto with = message("with", 1);
  scenario.send(with, true);
  CHECK(scenario.read(24).descriptors == 1);
  CHECK(scenario.read(with.size() - 24).descriptors == 0);
}

TEST_CASE("a message that says that it has descriptors gets them, also where others were sent with it") {
  Scenario scenario;
  auto plain = message("plain"), with = message("with", 1);
  scenario.send(plain);
  scenario.send(with + plain, true);
  scenario.read_message(plain, 0);
  scenario.read_message(with, 1);
  scenario.read_message(plain, 0);
}

TEST_CASE("a descriptor that comes in the middle of a stream belongs to the message that begins with it") {
  Scenario scenario;
  auto plain = message(std::string(5000, 'p')), with = message(std::string(3000, 'w'), 1);
  scenario.send(plain.substr(0, 1000));
  CHECK(scenario.read(24).bytes.size() == 24);
  auto begun = scenario.read(plain.size() - 24);
  CHECK(begun.bytes == plain.substr(24, 976));
  scenario.send(plain.substr(1000));
  scenario.send(with, true);
  if (auto rest = scenario.read(4000); rest.error == EAGAIN) CHECK(scenario.read(plain.size() - 1000).descriptors == 0);
  scenario.read_message(with, 1);
}

TEST_CASE("large messages and many small ones come whole and in order") {
  Scenario scenario;
  std::string sent, got;
  for (std::size_t i = 0; i < 40; ++i) {
    auto text = message(std::string(i * 97 % 3000, static_cast<char>('a' + i % 26)));
    scenario.send(text);
    sent += text;
  }
  for (std::size_t step = 1; got.size() < sent.size(); step = step * 7 % 4001) got += scenario.read(step).bytes;
  CHECK(got == sent);
}

TEST_CASE("descriptors that nobody has asked for are closed with the connection") {
  Scenario scenario;
  auto plain = message("plain"), with = message("with", 1);
  scenario.send(plain);
  scenario.send(with, true);
  scenario.read_message(plain, 0);
  int next = ::dup(0);
  ::close(next);
  scenario.input->end();
  int lower = ::dup(0);
  CHECK(lower < next);
  ::close(lower);
  CHECK(scenario.input->bytes() == 0);
}

TEST_CASE("who waits for the descriptor is told of what was read ahead") {
  Scenario scenario;
  auto text = message("x");
  scenario.send(text + text);
  scenario.read_message(text, 0);
  pollfd waiting{.fd = scenario.near.get(), .events = POLLIN, .revents = 0};
  timespec none{};
  CHECK(::ppoll(&waiting, 1, &none, nullptr) == 1);
  CHECK(waiting.revents == POLLIN);
  scenario.read_message(text, 0);
  CHECK(::ppoll(&waiting, 1, &none, nullptr) == 0);
}

TEST_CASE("the end of the stream is told when all has been handed on") {
  Scenario scenario;
  auto text = message("x");
  scenario.send(text);
  scenario.far = {};
  scenario.read_message(text, 0);
  auto end = scenario.read(24);
  if (end.error == EAGAIN) end = scenario.read(24);
  CHECK(end.error == 0);
  CHECK(end.bytes.empty());
}
