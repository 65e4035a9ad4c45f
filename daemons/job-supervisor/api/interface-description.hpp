// What the public interfaces consist of, read once from the text of the interface files: for introspection as the
// original formats it, and to tell a client that a member does not exist in the words that it knows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

enum class ObjectKind : std::uint8_t { manager, job, instance };

class InterfaceDescription {
public:
  // Of all public objects of one kind; made once for the process.
  static const InterfaceDescription& of(ObjectKind kind);

  struct Property {
    std::string signature;
    bool writable = false;
  };
  // With an empty interface name every interface of the object is looked at, as D-Bus does.
  [[nodiscard]] bool has_method(std::string_view interface, std::string_view member) const;
  [[nodiscard]] const Property* property(std::string_view interface, std::string_view name) const;
  // Is this one of the interfaces described here (and not one that every D-Bus object has)?
  [[nodiscard]] bool has(std::string_view interface) const { return members_.contains(interface); }

  // The whole introspection document of an object at this path; children by their last path element.
  [[nodiscard]] std::string document(std::string_view path, const std::vector<std::string>& children) const;
  // That of a path at which nothing but children is.
  [[nodiscard]] static std::string document_of_folder(const std::vector<std::string>& children);

private:
  struct Members {
    std::set<std::string, std::less<>> methods;
    std::map<std::string, Property, std::less<>> properties;
  };
  explicit InterfaceDescription(const std::vector<std::string_view>& interfaces);
  void read(std::string_view line);

  std::string text_;
  std::map<std::string, Members, std::less<>> members_;
  Members* current_ = nullptr;
};

} // namespace upstart::supervisor
