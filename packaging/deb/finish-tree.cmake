# What Debian wants of a tree before it becomes a package: compressed manual pages, a copyright file and a changelog. CPack runs
# it on the trees of all components.
find_program(GZIP gzip REQUIRED)

function(compress file)
  execute_process(COMMAND "${GZIP}" -9nf "${file}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# A link to a page leads to what that is called afterwards.
function(compress_pages tree)
  file(GLOB_RECURSE pages "${tree}/usr/share/man/*.[0-9]")
  foreach(page IN LISTS pages)
    if(IS_SYMLINK "${page}")
      file(READ_SYMLINK "${page}" target)
      file(REMOVE "${page}")
      file(CREATE_LINK "${target}.gz" "${page}.gz" SYMBOLIC)
    else()
      compress("${page}")
    endif()
  endforeach()
endfunction()

function(add_documents tree package)
  set(documents "${tree}/usr/share/doc/${package}")
  file(REMOVE "${documents}/LICENSE") # the copyright file says where that is
  file(COPY_FILE "${CPACK_UPSTART_DEB_DIRECTORY}/copyright" "${documents}/copyright")
  string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
  file(WRITE "${documents}/changelog"
       "upstart (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n  * See CHANGELOG.md in the package upstart-doc.\n\n"
       " -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")
  compress("${documents}/changelog")
  file(CHMOD "${documents}/copyright" "${documents}/changelog.gz"
       PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER "${component}" upper)
  set(tree "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}")
  if(IS_DIRECTORY "${tree}")
    compress_pages("${tree}")
    file(MAKE_DIRECTORY "${tree}/usr/share/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME}")
    add_documents("${tree}" "${CPACK_DEBIAN_${upper}_PACKAGE_NAME}")
  endif()
endforeach()
