// [Service]: what its processes are kept from (systemd.exec(5), "Sandboxing"). No stanza does that.
#include "clients/convert/systemd/conversion.hpp"

#include <array>

namespace upstart::convert::systemd {

namespace {

constexpr const char* files = "the job sees the file system as others do";
constexpr const char* kernel = "the job may ask the kernel for what its user may";
constexpr const char* namespaces = "the job is in the namespaces of init";
constexpr const char* network = "the job has the network that others have";

constexpr std::array table{
    missing("ProtectSystem", files),
    missing("ProtectHome", files),
    missing("PrivateTmp", "the job has the /tmp of all"),
    missing("PrivateDevices", files),
    missing("PrivateMounts", namespaces),
    missing("PrivateNetwork", network),
    missing("PrivateUsers", namespaces),
    missing("PrivateIPC", namespaces),
    missing("PrivatePIDs", namespaces),
    missing("ReadWritePaths", files),
    missing("ReadOnlyPaths", files),
    missing("InaccessiblePaths", files),
    missing("ExecPaths", files),
    missing("NoExecPaths", files),
    missing("ReadWriteDirectories", files),
    missing("ReadOnlyDirectories", files),
    missing("InaccessibleDirectories", files),
    missing("TemporaryFileSystem", files),
    missing("BindPaths", files),
    missing("BindReadOnlyPaths", files),
    missing("MountFlags", namespaces),
    missing("MountAPIVFS", files),
    missing("ProtectProc", files),
    missing("ProcSubset", files),
    missing("RootImage", files),
    missing("RootEphemeral", files),
    missing("NetworkNamespacePath", network),
    missing("IPCNamespacePath", namespaces),
    missing("JoinsNamespaceOf", namespaces),
    missing("RestrictAddressFamilies", network),
    missing("RestrictNetworkInterfaces", network),
    missing("IPAddressAllow", network),
    missing("IPAddressDeny", network),
    missing("SocketBindAllow", network),
    missing("SocketBindDeny", network),
    missing("DevicePolicy", kernel),
    missing("DeviceAllow", kernel),
    missing("SystemCallFilter", kernel),
    missing("SystemCallErrorNumber", kernel),
    missing("SystemCallArchitectures", kernel),
    missing("SystemCallLog", kernel),
    missing("ProtectHostname", kernel),
    missing("ProtectClock", kernel),
    missing("ProtectKernelTunables", kernel),
    missing("ProtectKernelModules", kernel),
    missing("ProtectKernelLogs", kernel),
    missing("ProtectControlGroups", kernel),
    missing("RestrictNamespaces", kernel),
    missing("RestrictRealtime", kernel),
    missing("RestrictSUIDSGID", kernel),
    missing("RestrictFileSystems", kernel),
    missing("LockPersonality", kernel),
    missing("MemoryDenyWriteExecute", kernel),
    missing("MemoryKSM", kernel),
    missing("RemoveIPC", "what the program leaves behind stays"),
};

} // namespace

Directives sandbox_directives() { return table; }

} // namespace upstart::convert::systemd
