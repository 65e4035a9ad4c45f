#include "clients/front/request.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace upstart::client::front {

namespace {

using enum Request::Command;

std::optional<Request::Command> command_named(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, Request::Command>, 4> commands{
      {{"start", start}, {"stop", stop}, {"status", status}, {"emit", emit}}};
  auto found = std::ranges::find(commands, word, &std::pair<std::string_view, Request::Command>::first);
  return found == commands.end() ? std::nullopt : std::optional{found->second};
}

// The links by which the program is called for one command.
std::optional<Request::Command> command_of_link(std::string_view program) {
  auto command = command_named(program);
  return command == emit ? std::nullopt : command;
}

// Whether D-Bus carries it as it is, and it is no pattern.
bool is_plain(std::string_view word) {
  constexpr std::string_view of_patterns = "*?[";
  return std::ranges::all_of(word,
                             [&](char c) { return static_cast<unsigned char>(c) < 0x80 && !of_patterns.contains(c); });
}

bool is_variable(std::string_view word) { return word.find('=') + 1 > 1; }

// Takes one word behind the command; false: this is no plain request.
bool take(Request& request, std::string_view word) {
  if (word.starts_with('-')) {
    if (word == "-q" || word == "--quiet") return request.quiet = true;
    if (request.command == status || (word != "-n" && word != "--no-wait")) return false;
    request.wait = false;
    return true;
  }
  if (request.name.empty()) {
    request.name = word;
    return !word.empty() && is_plain(word) && !word.contains('=');
  }
  request.environment.emplace_back(word);
  return is_variable(word) && std::ranges::all_of(word, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

} // namespace

std::optional<Request> plain_request(std::span<const char* const> words) {
  if (words.empty()) return std::nullopt;
  std::string_view program{words[0]};
  auto command = command_of_link(program.substr(program.rfind('/') + 1));
  words = words.subspan(1);
  if (!command && !words.empty()) {
    command = command_named(words[0]);
    words = words.subspan(1);
  }
  if (!command) return std::nullopt;
  Request request{.command = *command, .name = {}};
  for (const char* word : words)
    if (!take(request, word)) return std::nullopt;
  if (request.name.empty()) return std::nullopt;
  return request;
}

} // namespace upstart::client::front
