#include "daemons/job-supervisor/api/interface-description.hpp"

#include "generated/public-interfaces.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <ranges>

namespace upstart::supervisor {

namespace {

constexpr std::string_view head = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
                                  "\"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n";

constexpr std::string_view standard_interfaces = R"(  <interface name="org.freedesktop.DBus.Properties">
    <method name="Get">
      <arg name="interface_name" type="s" direction="in"/>
      <arg name="property_name" type="s" direction="in"/>
      <arg name="value" type="v" direction="out"/>
    </method>
    <method name="Set">
      <arg name="interface_name" type="s" direction="in"/>
      <arg name="property_name" type="s" direction="in"/>
      <arg name="value" type="v" direction="in"/>
    </method>
    <method name="GetAll">
      <arg name="interface_name" type="s" direction="in"/>
      <arg name="props" type="a{sv}" direction="out"/>
    </method>
  </interface>
  <interface name="org.freedesktop.DBus.Introspectable">
    <method name="Introspect">
      <arg name="data" type="s" direction="out"/>
    </method>
  </interface>
)";

std::string_view attribute(std::string_view line, std::string_view name) {
  std::string key = std::string{name} + "=\"";
  auto at = line.find(key);
  if (at == std::string_view::npos) return {};
  auto value = line.substr(at + key.size());
  return value.substr(0, value.find('"'));
}

std::string_view interface_text(std::string_view interface) {
  auto begin = protocol::public_interfaces.find("  <interface name=\"" + std::string{interface} + "\"");
  constexpr std::string_view last = "  </interface>\n";
  auto end = protocol::public_interfaces.find(last, begin);
  return protocol::public_interfaces.substr(begin, end + last.size() - begin);
}

std::string nodes(const std::vector<std::string>& children) {
  std::string text;
  for (const auto& child : children) text += "  <node name=\"" + child + "\"/>\n";
  return text;
}

} // namespace

const InterfaceDescription& InterfaceDescription::of(ObjectKind kind) {
  static const InterfaceDescription manager{
      {protocol::interface_name::upstart, protocol::interface_name::job_supervisor}};
  static const InterfaceDescription job{{protocol::interface_name::job}};
  static const InterfaceDescription instance{{protocol::interface_name::instance}};
  switch (kind) {
  case ObjectKind::manager: return manager;
  case ObjectKind::job: return job;
  case ObjectKind::instance: return instance;
  }
  return manager;
}

InterfaceDescription::InterfaceDescription(const std::vector<std::string_view>& interfaces) {
  for (auto interface : interfaces) {
    auto text = interface_text(interface);
    text_ += text;
    current_ = &members_[std::string{interface}];
    for (auto line : std::views::split(text, '\n')) read(std::string_view{line});
  }
}

void InterfaceDescription::read(std::string_view line) {
  auto name = std::string{attribute(line, "name")};
  if (line.contains("<method ")) current_->methods.insert(name);
  if (line.contains("<property "))
    current_->properties[name] = {.signature = std::string{attribute(line, "type")},
                                  .writable = attribute(line, "access") == "readwrite"};
}

bool InterfaceDescription::has_method(std::string_view interface, std::string_view member) const {
  return std::ranges::any_of(members_, [&](const auto& entry) {
    return (interface.empty() || interface == entry.first) && entry.second.methods.contains(member);
  });
}

const InterfaceDescription::Property* InterfaceDescription::property(std::string_view interface,
                                                                     std::string_view name) const {
  for (const auto& [of, members] : members_) {
    if (!interface.empty() && interface != of) continue;
    if (auto found = members.properties.find(name); found != members.properties.end()) return &found->second;
  }
  return nullptr;
}

std::string InterfaceDescription::document(std::string_view path, const std::vector<std::string>& children) const {
  std::string text{head};
  text.append("<node name=\"").append(path).append("\">\n").append(text_).append(standard_interfaces);
  return text + nodes(children) + "</node>\n";
}

std::string InterfaceDescription::document_of_folder(const std::vector<std::string>& children) {
  return std::string{head} + "<node>\n" + nodes(children) + "</node>\n";
}

} // namespace upstart::supervisor
