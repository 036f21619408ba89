# The installed library: shared, static, header, pkg-config file and CMake package.
include(CMakePackageConfigHelpers)

add_library(zenrelease SHARED ${zr_client_objects})
add_library(zenrelease_static STATIC ${zr_client_objects})
foreach(lib zenrelease zenrelease_static)
  set_target_properties(${lib} PROPERTIES
    OUTPUT_NAME zenrelease LINKER_LANGUAGE C
    PUBLIC_HEADER
      "${CMAKE_CURRENT_SOURCE_DIR}/include/zenrelease/zenrelease.h;${CMAKE_CURRENT_SOURCE_DIR}/include/zenrelease/policy.h;${CMAKE_CURRENT_SOURCE_DIR}/include/zenrelease/journal.h")
  target_include_directories(${lib} INTERFACE
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
set_target_properties(zenrelease PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
set_target_properties(zenrelease_static PROPERTIES EXPORT_NAME zenrelease-static)
target_link_libraries(zenrelease PRIVATE
  PkgConfig::grpc PkgConfig::protobufc Threads::Threads $<BUILD_INTERFACE:zr_options>)
target_link_libraries(zenrelease_static PUBLIC PkgConfig::grpc PkgConfig::protobufc Threads::Threads)

set(zr_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/zenrelease)
install(TARGETS zenrelease zenrelease_static EXPORT zenreleaseTargets
  LIBRARY ARCHIVE PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/zenrelease)
install(EXPORT zenreleaseTargets NAMESPACE zenrelease:: DESTINATION ${zr_package_dir})

file(RELATIVE_PATH zr_pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/zenrelease.pc.in zenrelease.pc @ONLY)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/zenreleaseConfig.cmake.in
  zenreleaseConfig.cmake INSTALL_DESTINATION ${zr_package_dir})
write_basic_package_version_file(zenreleaseConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/zenrelease.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/zenreleaseConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/zenreleaseConfigVersion.cmake
  DESTINATION ${zr_package_dir})
