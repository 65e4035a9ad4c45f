#include "clients/base/json.hpp"

#include <nlohmann/json.hpp>

namespace upstart::client {

namespace {
std::string dump(const Json& document, int indentation) {
  return document.dump(indentation, ' ', false, Json::error_handler_t::replace) + "\n";
}
} // namespace

std::string to_line(const Json& document) { return dump(document, -1); }
std::string to_text(const Json& document) { return dump(document, 2); }

} // namespace upstart::client
