# Makes what a program derives from when only some of an interface concerns it, from the header that sdbus-c++-xml2cpp made:
#   cmake -DADAPTOR=X-adaptor.hpp -DPROXY=X-proxy.hpp -DSTUB=X-stub.hpp -DPROXY_STUB=X-proxy-stub.hpp -P make-stub.cmake
# X_stub is an adaptor that answers every method with NotSupported and has empty properties; X_proxy_stub is a proxy that
# passes over every signal and reply. What a derived class overrides it implements; what is added to the XML later breaks none.
cmake_minimum_required(VERSION 3.25)

function(read_class header kind)
  file(READ "${header}" text)
  if(NOT text MATCHES "INTERFACE_NAME = \"([^\"]+)\\.([^\".]+)\"")
    message(FATAL_ERROR "${header}: no interface name found")
  endif()
  string(REPLACE "." "::" namespace "${CMAKE_MATCH_1}")
  set(namespace "${namespace}" PARENT_SCOPE)
  set(class "${CMAKE_MATCH_2}_${kind}" PARENT_SCOPE)
  set(name "${CMAKE_MATCH_2}" PARENT_SCOPE)
  string(REGEX MATCHALL "virtual [^;]+ = 0" functions "${text}")
  set(functions "${functions}" PARENT_SCOPE)
  string(REGEX MATCHALL "registerProperty\\(\"[^\"]+" properties "${text}")
  list(TRANSFORM properties REPLACE "^.*\"" "")
  set(properties "${properties}" PARENT_SCOPE)
endfunction()

function(write_class file stub header bodies)
  get_filename_component(header "${header}" NAME)
  file(WRITE "${file}" "#pragma once\n\n#include \"${header}\"\n\nnamespace ${namespace} {\n
class ${stub} : public ${class} {
protected:
  using ${class}::${class};
${bodies}};

} // namespace ${namespace}\n")
endfunction()

read_class("${ADAPTOR}" adaptor)
set(bodies "\nprivate:\n")
foreach(function IN LISTS functions)
  string(REGEX REPLACE "^virtual (.*) = 0$" "\\1" declaration "${function}")
  string(REGEX MATCH "([A-Za-z0-9_]+)\\((.*)\\)$" match "${declaration}")
  if(CMAKE_MATCH_1 IN_LIST properties AND CMAKE_MATCH_2 STREQUAL "")
    string(APPEND bodies "  ${declaration} override { return {}; }\n")
  else()
    string(APPEND bodies "  ${declaration} override { not_supported(\"${CMAKE_MATCH_1}\"); }\n")
  endif()
endforeach()
string(APPEND bodies "
  [[noreturn]] static void not_supported(const char* member) {
    throw sdbus::Error{sdbus::Error::Name{\"org.freedesktop.DBus.Error.NotSupported\"}, std::string{\"Not supported: \"} + member};
  }\n")
write_class("${STUB}" "${name}_stub" "${ADAPTOR}" "${bodies}")

read_class("${PROXY}" proxy)
set(bodies "")
foreach(function IN LISTS functions)
  string(REGEX REPLACE "^virtual (.*) = 0$" "\\1" declaration "${function}")
  string(APPEND bodies "  ${declaration} override {}\n")
endforeach()
write_class("${PROXY_STUB}" "${name}_proxy_stub" "${PROXY}" "\n${bodies}")
