// A method call as it came in, before any object sees it.
#pragma once

#include <systemd/sd-bus.h>

#include <string>
#include <utility>

namespace upstart::supervisor {

struct MethodCall {
  explicit MethodCall(sd_bus_message* of)
      : message{of},
        path{text(sd_bus_message_get_path(of))},
        interface{text(sd_bus_message_get_interface(of))},
        member{text(sd_bus_message_get_member(of))} {}

  [[nodiscard]] bool is_introspection() const {
    return interface == "org.freedesktop.DBus.Introspectable" && member == "Introspect";
  }
  [[nodiscard]] bool is_set() const { return interface == "org.freedesktop.DBus.Properties" && member == "Set"; }
  [[nodiscard]] bool reads_properties() const {
    return interface == "org.freedesktop.DBus.Properties" && (member == "Get" || member == "GetAll");
  }
  // The caller's unique name on the bus; empty on a peer connection.
  [[nodiscard]] std::string sender() const { return text(sd_bus_message_get_sender(message)); }
  // Which property a Get or Set is about: interface and name.
  [[nodiscard]] std::pair<std::string, std::string> property() const {
    const char *of = "", *name = "";
    sd_bus_message_read(message, "ss", &of, &name);
    std::pair<std::string, std::string> result{of, name};
    sd_bus_message_rewind(message, 1);
    return result;
  }
  [[nodiscard]] std::string variant_signature() const {
    const char* contents = nullptr;
    char kind = 0;
    sd_bus_message_skip(message, "ss");
    std::string signature =
        sd_bus_message_peek_type(message, &kind, &contents) > 0 && kind == 'v' ? text(contents) : "";
    sd_bus_message_rewind(message, 1);
    return signature;
  }
  // What the D-Bus library of the original's clients says, to the letter.
  [[nodiscard]] std::string unknown() const {
    return "Method \"" + member + "\" with signature \"" + text(sd_bus_message_get_signature(message, 1)) +
           "\" on interface \"" + interface + "\" doesn't exist\n";
  }

  sd_bus_message* message;
  std::string path, interface, member;

private:
  static std::string text(const char* string) { return string != nullptr ? string : ""; }
};

} // namespace upstart::supervisor
