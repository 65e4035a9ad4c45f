#include "daemons/job-supervisor/api/interface-description.hpp"
#include "daemons/job-supervisor/api/permissions.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("methods and properties are known by interface, or by any where none is named") {
  const auto& job = InterfaceDescription::of(ObjectKind::job);
  CHECK(job.has_method("com.ubuntu.Upstart0_6.Job", "Start"));
  CHECK(job.has_method("", "Start"));
  CHECK_FALSE(job.has_method("com.ubuntu.Upstart0_6.Instance", "Start"));
  CHECK_FALSE(job.has_method("", "Reload"));
  REQUIRE(job.property("com.ubuntu.Upstart0_6.Job", "start_on") != nullptr);
  CHECK(job.property("", "start_on")->signature == "aas");
  CHECK(job.property("", "nosuch") == nullptr);
  CHECK(InterfaceDescription::of(ObjectKind::manager).property("", "log_priority")->writable);
}

TEST_CASE("a document names the object, its interfaces and its children") {
  auto text = InterfaceDescription::of(ObjectKind::instance).document("/a/b", {"c"});
  CHECK(text.contains("<node name=\"/a/b\">\n  <interface name=\"com.ubuntu.Upstart0_6.Instance\">\n"));
  CHECK(text.contains("      <arg name=\"wait\" type=\"b\" direction=\"in\"/>\n"));
  CHECK(text.contains("    <property name=\"state\" type=\"s\" access=\"read\"/>\n"));
  CHECK(text.contains(
      "    <property name=\"processes\" type=\"a(si)\" access=\"read\">\n"
      "      <annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"invalidates\"/>\n"
      "    </property>\n"));
  CHECK_FALSE(text.contains("Method.Async"));
  CHECK(text.ends_with("  <node name=\"c\"/>\n</node>\n"));
}

TEST_CASE("looking is for everyone, changing is not, and what is unknown is taken for changing") {
  CHECK_FALSE(permission_for("org.freedesktop.DBus.Properties", "GetAll"));
  CHECK_FALSE(permission_for("com.ubuntu.Upstart0_6", "GetAllJobs"));
  CHECK_FALSE(permission_for("com.ubuntu.Upstart0_6.Job", "GetInstance"));
  CHECK(permission_for("com.ubuntu.Upstart0_6", "EmitEvent") == "emit an event");
  CHECK(permission_for("com.ubuntu.Upstart0_6", "GetState"));
  CHECK(permission_for("com.ubuntu.Upstart.JobSupervisor1", "StartBridge") == "start a bridge");
  CHECK(permission_for("org.freedesktop.DBus.Properties", "Set"));
  CHECK(permission_for("com.ubuntu.Upstart0_6", "SomethingNew"));
}
