#include "daemons/init/telinit.hpp"

#include "daemons/init/processes/programs.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace upstart::init {

namespace {

constexpr std::array of_init{"--user", "--session", "--container", "--help", "-h", "--version"};
constexpr std::array of_telinit{"--quiet", "--verbose"}; // of the long ones

bool is_of_init(const std::string& word) {
  if (std::ranges::find(of_init, word) != of_init.end()) return true;
  return word.starts_with("--") && std::ranges::find(of_telinit, word) == of_telinit.end();
}

int give_up(const std::string& why) {
  std::fputs(("init: " + why + "\n").c_str(), stderr);
  return 1;
}

} // namespace

bool is_for_telinit(const std::vector<std::string>& arguments) {
  auto end_of_options = std::ranges::find(arguments, "--");
  return std::none_of(arguments.begin(), end_of_options, is_of_init);
}

int refuse_to_lead() {
  return give_up("not process 1: give --user to lead a user's session, or --session to be on the session bus only");
}

int become_telinit(const std::vector<std::string>& arguments) {
  if (::geteuid() != 0) return give_up("Need to be root");
  std::string beside = std::filesystem::path{own_path().value_or("")}.parent_path().string();
  auto telinit = find_in_path("telinit", beside + ":/sbin:/usr/sbin");
  if (!telinit)
    return give_up("not process 1, and there is no telinit to pass the command on to: give --user to lead a user's "
                   "session, or --session to be on the session bus only");
  std::vector<std::string> words{"telinit"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(telinit->c_str(), pointers.data());
  return give_up("unable to execute " + *telinit + ": " + std::strerror(errno));
}

} // namespace upstart::init
