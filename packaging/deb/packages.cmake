# The packages for Debian: upstart-daemons runs sessions beside any init, upstart-sysv makes Upstart the system's init, upstart-fleet has
# the bridge between machines and what only it needs, upstart-doc has what is read. `cpack -G DEB` in a build with the prefix /usr makes them; packaging/test --packages does it all.
set(UPSTART_MAINTAINER "Upstart maintainers <maintainers@upstart.invalid>" CACHE STRING "maintainer of the packages")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME upstart)
set(CPACK_PACKAGE_CONTACT "${UPSTART_MAINTAINER}")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL daemons sysv doc)
if(UPSTART_MQTT)
  list(APPEND CPACK_COMPONENTS_ALL fleet)
endif()
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_UPSTART_DEB_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/deb")
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_CURRENT_SOURCE_DIR}/deb/finish-tree.cmake")

set(CPACK_DEBIAN_DAEMONS_PACKAGE_NAME upstart-daemons)
set(CPACK_DEBIAN_DAEMONS_DESCRIPTION "event-based service supervisor
Job files say on which events a service starts and stops. This package has the
programs: init, its daemons and bridges, initctl and init-checkconf. It leaves
the init of the system alone; users run sessions with it, and the package
upstart-sysv makes it the system's init.")
set(CPACK_DEBIAN_DAEMONS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DAEMONS_PACKAGE_DEPENDS "libsmartcols1, passwd") # initctl loads it to print a table; postinst makes an account
set(CPACK_DEBIAN_DAEMONS_PACKAGE_RECOMMENDS "dbus-daemon")
set(CPACK_DEBIAN_DAEMONS_PACKAGE_SUGGESTS "upstart-sysv, upstart-fleet, upstart-doc")
set(CPACK_DEBIAN_DAEMONS_PACKAGE_CONFLICTS "upstart, sysvinit-core")
set(CPACK_DEBIAN_DAEMONS_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_SOURCE_DIR}/deb/postinst;${CMAKE_CURRENT_SOURCE_DIR}/deb/postrm")

set(CPACK_DEBIAN_SYSV_PACKAGE_NAME upstart-sysv)
set(CPACK_DEBIAN_SYSV_DESCRIPTION "event-based init of the system
Links by which Upstart is process 1 of the system, the tools telinit,
runlevel, shutdown, reboot, halt and poweroff, and the jobs that run System V
scripts and logins.")
set(CPACK_DEBIAN_SYSV_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_SYSV_PACKAGE_DEPENDS "upstart-daemons (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_SYSV_PACKAGE_PROVIDES "init")
foreach(field CONFLICTS REPLACES)
  set(CPACK_DEBIAN_SYSV_PACKAGE_${field} "systemd-sysv, sysvinit-core, runit-init, upstart")
endforeach()
file(GLOB job_files CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}/jobs" "${CMAKE_CURRENT_SOURCE_DIR}/jobs/*.conf")
list(TRANSFORM job_files PREPEND "/etc/init/")
list(JOIN job_files "\n" conffiles)
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/deb/conffiles" "${conffiles}\n")
set(CPACK_DEBIAN_SYSV_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_BINARY_DIR}/deb/conffiles")

set(CPACK_DEBIAN_FLEET_PACKAGE_NAME upstart-fleet)
set(CPACK_DEBIAN_FLEET_DESCRIPTION "event-based service supervisor (several machines)
The bridge that makes a machine a node of a fleet: events start jobs on other
machines, and commands go from one to another, over a broker that speaks
MQTT 5, such as mosquitto. It runs where there is an /etc/upstart/fleet.conf.")
set(CPACK_DEBIAN_FLEET_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_FLEET_PACKAGE_DEPENDS "upstart-daemons (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_FLEET_PACKAGE_SUGGESTS "mosquitto, upstart-doc")
set(CPACK_DEBIAN_FLEET_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_SOURCE_DIR}/deb/fleet/postinst")

set(CPACK_DEBIAN_DOC_PACKAGE_NAME upstart-doc)
set(CPACK_DEBIAN_DOC_DESCRIPTION "event-based service supervisor (documents and examples)
What is new, whom the daemons trust, example jobs, and the System V jobs in
the dialect of Upstart 0.3.")
set(CPACK_DEBIAN_DOC_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DOC_PACKAGE_SECTION doc)
include(CPack)
