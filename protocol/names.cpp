#include "protocol/names.hpp"

namespace upstart::protocol {

namespace {

constexpr bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// "file-bridge" → "FileBridge".
std::string in_pascal_case(std::string_view name) {
  std::string result;
  bool begins_word = true;
  for (char c : name) {
    if (c != '-') result += begins_word ? upper(c) : c;
    begins_word = c == '-';
  }
  return result;
}

} // namespace

std::string daemon_bus_name(std::string_view name) {
  return std::string{bus_name::upstart} + "." + in_pascal_case(name);
}

std::string daemon_object_path(std::string_view name) {
  return std::string{path::manager} + "/" + in_pascal_case(name);
}

std::string path_element(std::string_view name) {
  if (name.empty()) return "_";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string element;
  element.reserve(name.size());
  for (char c : name) {
    if (is_plain(c)) {
      element += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      element += '_';
      element += digits[byte >> 4U];
      element += digits[byte & 15U];
    }
  }
  return element;
}

std::optional<std::string> name_of_path_element(std::string_view element) {
  if (element.empty()) return std::nullopt;
  std::string name;
  if (element == "_") return name;
  for (std::size_t i = 0; i < element.size(); ++i) {
    if (is_plain(element[i])) {
      name += element[i];
      continue;
    }
    if (element[i] != '_' || i + 2 >= element.size()) return std::nullopt;
    int high = hex_value(element[i + 1]);
    int low = hex_value(element[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    name += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return name;
}

std::string job_path(std::string_view job) { return std::string{path::jobs} + "/" + path_element(job); }

std::string instance_path(std::string_view job, std::string_view instance) {
  return job_path(job) + "/" + path_element(instance);
}

std::optional<JobAddress> address_of_path(std::string_view object_path) {
  std::string prefix = std::string{path::jobs} + "/";
  if (!object_path.starts_with(prefix)) return std::nullopt;
  object_path.remove_prefix(prefix.size());
  auto slash = object_path.find('/');
  auto job = name_of_path_element(object_path.substr(0, slash));
  if (!job) return std::nullopt;
  if (slash == std::string_view::npos) return JobAddress{*job, std::nullopt};
  auto instance = name_of_path_element(object_path.substr(slash + 1));
  if (!instance) return std::nullopt;
  return JobAddress{*job, instance};
}

std::string session_address(unsigned uid, int pid) {
  return address::session_prefix + std::to_string(uid) + "/" + std::to_string(pid);
}

std::string session_run_directory(std::string_view runtime_directory, std::string_view pid) {
  return std::string{runtime_directory} + "/upstart/" + std::string{pid};
}

std::string daemon_address(std::string_view run_directory, std::string_view name) {
  return "unix:path=" + std::string{run_directory} + "/" + std::string{name} + ".sock";
}

} // namespace upstart::protocol
