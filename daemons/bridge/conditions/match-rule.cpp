#include "daemons/bridge/conditions/match-rule.hpp"

namespace upstart::bridge {

std::string quoted_in_rule(std::string_view value) {
  std::string text = "'";
  for (char c : value) {
    if (c == '\'') text += R"('\'')";
    else text += c;
  }
  return text + "'";
}

} // namespace upstart::bridge
