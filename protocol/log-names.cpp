#include "protocol/log-names.hpp"

#include <algorithm>
#include <format>

namespace upstart::protocol {

namespace {

std::string with_suffix(std::string name) {
  constexpr std::size_t most = 250; // with the suffix no more than a file name may have
  name.resize(std::min(name.size(), most));
  return name + ".log";
}

// Every byte that might come from another one is written as its number.
std::string unambiguous(std::string_view name) {
  std::string text;
  for (char byte : name)
    if (byte == '/' || byte == '_' || byte == '-') text += std::format("_{:02x}", static_cast<unsigned char>(byte));
    else text += byte;
  return text;
}

} // namespace

std::string log_name(std::string_view job, std::string_view instance) {
  std::string name{job};
  if (!instance.empty()) name.append("-").append(instance);
  std::ranges::replace(name, '/', '_');
  return with_suffix(std::move(name));
}

std::string unlike_log_name(std::string_view job, std::string_view instance) {
  return with_suffix(unambiguous(job) + "--" + unambiguous(instance));
}

} // namespace upstart::protocol
