# What `cmake --install BUILD --prefix DIR` installs: the programs (component
# programs), and the data plane as the CMake package lb (component dataplane),
# which needs neither gRPC nor Protobuf.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

foreach(program lb-agent lb-controller lbctl)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME COMPONENT programs)
  endif()
endforeach()

foreach(library common flow connections engine packet_io dataplane)
  set_target_properties(lb_${library} PROPERTIES EXPORT_NAME ${library})
  install(TARGETS lb_${library} EXPORT lb
    ARCHIVE COMPONENT dataplane
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lb
      COMPONENT dataplane)
endforeach()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/lb)
install(EXPORT lb NAMESPACE lb:: FILE lb-targets.cmake
  DESTINATION ${package} COMPONENT dataplane)
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/lb-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES cmake/lb-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/lb-config-version.cmake
  DESTINATION ${package} COMPONENT dataplane)
