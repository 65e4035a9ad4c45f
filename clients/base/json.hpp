// JSON as commands print it with --json: members keep the order in which they are written down here, bytes that are no
// UTF-8 are shown as U+FFFD.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace upstart::client {

using Json = nlohmann::ordered_json;

[[nodiscard]] std::string to_line(const Json& document); // one line: for streams of documents
[[nodiscard]] std::string to_text(const Json& document); // indented: for people and one document

} // namespace upstart::client
