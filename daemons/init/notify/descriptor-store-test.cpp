#include "daemons/init/notify/descriptor-store.hpp"

#include <doctest/doctest.h>

#include <sys/eventfd.h>

using namespace upstart::init;
using upstart::base::FileDescriptor;

namespace {

FileDescriptor some() { return FileDescriptor{::eventfd(0, EFD_CLOEXEC)}; }

std::vector<std::string> names(const DescriptorStore& store) {
  std::vector<std::string> result;
  for (const auto& [name, fd] : store.all()) result.push_back(name);
  return result;
}

} // namespace

TEST_CASE("a name may have several descriptors, and loses them all when forgotten") {
  DescriptorStore store;
  CHECK(store.keep("log", some()));
  CHECK(store.keep("log", some()));
  CHECK(store.keep("socket", some()));
  CHECK(names(store) == std::vector<std::string>{"log", "log", "socket"});
  store.forget("log");
  store.forget("nobody");
  CHECK(names(store) == std::vector<std::string>{"socket"});
}

TEST_CASE("what is kept is closed when forgotten") {
  DescriptorStore store;
  auto descriptor = some();
  int number = descriptor.get();
  REQUIRE(store.keep("x", std::move(descriptor)));
  CHECK(::fcntl(number, F_GETFD) >= 0);
  store.forget("x");
  CHECK(::fcntl(number, F_GETFD) < 0);
}

TEST_CASE("a daemon that asks again to keep what it was handed does not make it two") {
  DescriptorStore store;
  auto descriptor = some();
  auto copy = descriptor.duplicate();
  REQUIRE(store.keep("x", std::move(descriptor)));
  REQUIRE(store.keep("x", std::move(copy)));
  CHECK(store.size() == 1);
}

TEST_CASE("a name that could not be handed on is refused") {
  DescriptorStore store;
  for (const std::string& name : {std::string{}, std::string{"a:b"}, std::string{"a\nb"}, std::string(256, 'x')})
    CHECK(store.keep(name, some()).error().contains("is no name for a descriptor"));
  CHECK(store.keep(std::string(255, 'x'), some()));
  CHECK(store.size() == 1);
}

TEST_CASE("names that together would not fit an environment are refused, until others have gone") {
  DescriptorStore store;
  std::string prefix(250, 'x');
  std::size_t kept = 0;
  while (store.keep(prefix + std::to_string(100 + kept), some())) ++kept;
  CHECK(kept == DescriptorStore::most_name_bytes / 254);
  CHECK(store.keep(prefix, some()).error().contains("too long together"));
  store.forget(prefix + "100");
  CHECK(store.keep(prefix, some()));
}
