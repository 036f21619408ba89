# The plugin as a provider for Terraform and OpenTofu.
#
# Installed (component `terraform`) it lies where both look without any configuration, when the prefix
# is /usr, /usr/local or ~/.local. Both take the whole folder for the package, and hash it: so there is
# nothing else in it.
#
# Target `terraform-package`: the files of a registry release below BUILD/terraform/release.
string(TOLOWER ${CMAKE_SYSTEM_NAME} os)
set(arch ${CMAKE_SYSTEM_PROCESSOR})
foreach(pair x86_64=amd64 AMD64=amd64 aarch64=arm64 armv7l=arm i686=386)
  string(REPLACE "=" ";" pair ${pair})
  list(GET pair 0 ours)
  list(GET pair 1 theirs)
  if(arch STREQUAL ours)
    set(arch ${theirs})
  endif()
endforeach()
set(platform ${os}_${arch})

# One stripped file for all ways to get it, so that they share one hash in a lock file.
set(provider ${CMAKE_BINARY_DIR}/terraform/terraform-provider-zenrelease_v${PROJECT_VERSION})
add_custom_command(OUTPUT ${provider}
  COMMAND ${CMAKE_STRIP} -o ${provider} $<TARGET_FILE:zenrelease-plugin>
  DEPENDS zenrelease-plugin VERBATIM)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/terraform)
add_custom_target(terraform-provider ALL DEPENDS ${provider})

set(plugins ${CMAKE_INSTALL_DATADIR}/terraform/plugins)
set(below ${ZR_TF_NAMESPACE}/zenrelease/${PROJECT_VERSION})
install(PROGRAMS ${provider} COMPONENT terraform
  DESTINATION ${plugins}/registry.terraform.io/${below}/${platform})
# OpenTofu's default host is another one; its name for the same folder.
install(CODE "
  set(at \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${plugins}/registry.opentofu.org/${below}\")
  file(MAKE_DIRECTORY \"\${at}\")
  message(STATUS \"Installing: \${at}/${platform}\")
  file(CREATE_LINK ../../../../registry.terraform.io/${below}/${platform} \"\${at}/${platform}\" SYMBOLIC)"
  COMPONENT terraform)

set(release ${CMAKE_BINARY_DIR}/terraform/release)
set(stem terraform-provider-zenrelease_${PROJECT_VERSION})
set(manifest ${CMAKE_CURRENT_LIST_DIR}/terraform-registry-manifest.json)
add_custom_command(
  OUTPUT ${release}/${stem}_${platform}.zip ${release}/${stem}_SHA256SUMS
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${release}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${release}
  COMMAND ${CMAKE_COMMAND} -E chdir ${CMAKE_BINARY_DIR}/terraform
    ${CMAKE_COMMAND} -E tar cf ${release}/${stem}_${platform}.zip --format=zip
    terraform-provider-zenrelease_v${PROJECT_VERSION}
  COMMAND ${CMAKE_COMMAND} -E copy ${manifest} ${release}/${stem}_manifest.json
  COMMAND ${CMAKE_COMMAND} -DIN=${release} -DOUT=${release}/${stem}_SHA256SUMS
    -P ${CMAKE_CURRENT_LIST_DIR}/sha256sums.cmake
  DEPENDS ${provider} ${manifest} ${CMAKE_CURRENT_LIST_DIR}/sha256sums.cmake VERBATIM)
add_custom_target(terraform-package DEPENDS ${release}/${stem}_SHA256SUMS)
