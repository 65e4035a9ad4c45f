// The names of the protocol: bus names, object paths, interfaces, error names, and the rule that makes a path of a
// job's name. Facts of dbus-api.md; nothing else spells them out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upstart::protocol {

namespace bus_name {
inline constexpr const char* upstart = "com.ubuntu.Upstart";
inline constexpr const char* event_broker = "com.ubuntu.Upstart.EventBroker";
inline constexpr const char* socket_bridge = "com.ubuntu.Upstart.SocketBridge";
} // namespace bus_name

namespace interface_name {
inline constexpr const char* upstart = "com.ubuntu.Upstart0_6";
inline constexpr const char* job = "com.ubuntu.Upstart0_6.Job";
inline constexpr const char* instance = "com.ubuntu.Upstart0_6.Instance";
inline constexpr const char* job_supervisor = "com.ubuntu.Upstart.JobSupervisor1";
} // namespace interface_name

namespace path {
inline constexpr const char* manager = "/com/ubuntu/Upstart";
inline constexpr const char* jobs = "/com/ubuntu/Upstart/jobs";
inline constexpr const char* event_broker = "/com/ubuntu/Upstart/EventBroker";
inline constexpr const char* event_handler = "/com/ubuntu/Upstart/EventHandler";
inline constexpr const char* job_supervisor = manager; // a second interface of the same object
inline constexpr const char* socket_bridge = "/com/ubuntu/Upstart/SocketBridge";
} // namespace path

namespace error_name {
inline constexpr const char* unknown_job = "com.ubuntu.Upstart0_6.Error.UnknownJob";
inline constexpr const char* unknown_job_instance = "com.ubuntu.Upstart0_6.Error.UnknownJobInstance";
inline constexpr const char* unknown_instance = "com.ubuntu.Upstart0_6.Error.UnknownInstance";
inline constexpr const char* already_started = "com.ubuntu.Upstart0_6.Error.AlreadyStarted";
inline constexpr const char* already_stopped = "com.ubuntu.Upstart0_6.Error.AlreadyStopped";
inline constexpr const char* not_running = "com.ubuntu.Upstart0_6.Error.NotRunning";
inline constexpr const char* job_failed = "com.ubuntu.Upstart0_6.Error.JobFailed";
inline constexpr const char* event_failed = "com.ubuntu.Upstart0_6.Error.EventFailed";
inline constexpr const char* permission_denied = "com.ubuntu.Upstart0_6.Error.PermissionDenied";
inline constexpr const char* invalid_args = "org.freedesktop.DBus.Error.InvalidArgs";
inline constexpr const char* unknown_method = "org.freedesktop.DBus.Error.UnknownMethod";
inline constexpr const char* access_denied = "org.freedesktop.DBus.Error.AccessDenied";
inline constexpr const char* limits_exceeded = "org.freedesktop.DBus.Error.LimitsExceeded";
inline constexpr const char* no_server = "org.freedesktop.DBus.Error.NoServer";
inline constexpr const char* failed = "org.freedesktop.DBus.Error.Failed";
} // namespace error_name

// Names of the sockets that init makes and hands over.
namespace socket_name {
inline constexpr const char* session = "upstart"; // the private socket of the public interface → job supervisor
inline constexpr const char* supervisor = "job-supervisor"; // the supervisor's own, for bridges → job supervisor
inline constexpr const char* broker = "event-broker";       // → event broker
inline constexpr const char* bridge = "socket-bridge";      // → socket bridge
} // namespace socket_name

namespace address {
inline constexpr const char* system = "unix:abstract=/com/ubuntu/upstart";                  // of the init of the system
inline constexpr const char* session_prefix = "unix:abstract=/com/ubuntu/upstart-session/"; // then UID/PID of that init
} // namespace address
// Where the session init of this user and process id listens.
[[nodiscard]] std::string session_address(unsigned uid, int pid);

namespace run_directory {
inline constexpr const char* system = "/run/upstart";
inline constexpr const char* session_files = "upstart/sessions"; // below XDG_RUNTIME_DIR: a file of each session init
inline constexpr const char* session_file_suffix = ".session";   // after its process id; holds UPSTART_SESSION=ADDRESS
} // namespace run_directory
// "XDG_RUNTIME_DIR/upstart/PID": of a session init.
[[nodiscard]] std::string session_run_directory(std::string_view runtime_directory, std::string_view pid);

// Where a daemon of this run directory listens: "unix:path=RUN/NAME.sock" of the names above.
[[nodiscard]] std::string daemon_address(std::string_view run_directory, std::string_view name);
// Where a daemon is on the bus, by the name of its program without "upstart-": "file-bridge" is
// com.ubuntu.Upstart.FileBridge, its object /com/ubuntu/Upstart/FileBridge. (The job supervisor is com.ubuntu.Upstart.)
[[nodiscard]] std::string daemon_bus_name(std::string_view name);
[[nodiscard]] std::string daemon_object_path(std::string_view name);

// Every byte other than [A-Za-z0-9] becomes "_" and two lower-case hex digits; the empty name "_".
[[nodiscard]] std::string path_element(std::string_view name);
// The reverse; nothing where it is not such an element.
[[nodiscard]] std::optional<std::string> name_of_path_element(std::string_view element);

[[nodiscard]] std::string job_path(std::string_view job);
[[nodiscard]] std::string instance_path(std::string_view job, std::string_view instance);

struct JobAddress {
  std::string job;
  std::optional<std::string> instance; // nothing: the class itself
  friend bool operator==(const JobAddress&, const JobAddress&) = default;
};
// Whose path this is; nothing where it is not below /com/ubuntu/Upstart/jobs.
[[nodiscard]] std::optional<JobAddress> address_of_path(std::string_view object_path);

// By which the job supervisor asks init, on its notification socket, to execute its program anew.
inline constexpr const char* execute_anew_notification = "X_UPSTART_EXECUTE_ANEW=1";
// With it: who has asked the supervisor.
inline constexpr std::string_view asked_by_line = "X_UPSTART_ASKED_BY=";
// And that the job of a container has ended, with this exit status.
inline constexpr std::string_view container_end_line = "X_UPSTART_CONTAINER_END=";

} // namespace upstart::protocol
