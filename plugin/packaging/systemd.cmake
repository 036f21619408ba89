# The unit file, where systemd looks below the prefix.
configure_file(packaging/zenrelease.service.in ${CMAKE_BINARY_DIR}/packaging/zenrelease.service @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/packaging/zenrelease.service DESTINATION lib/systemd/system)
