# zr_proto(TARGET FILES a/b.proto …): protobuf-c code for the .proto files below proto/, and for the
# well-known types they import, as a static library whose headers are SYSTEM (generated code keeps
# its own warnings).
function(zr_proto target)
  cmake_parse_arguments(A "" "" "FILES;WELL_KNOWN;USES" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  find_path(ZR_WELL_KNOWN_DIR google/protobuf/any.proto REQUIRED)
  set(sources)
  foreach(f IN LISTS A_FILES A_WELL_KNOWN)
    string(REGEX REPLACE "\\.proto$" "" stem ${f})
    if(f IN_LIST A_WELL_KNOWN)
      set(path ${ZR_WELL_KNOWN_DIR}/${f})
    else()
      set(path ${PROJECT_SOURCE_DIR}/proto/${f})
    endif()
    add_custom_command(
      OUTPUT ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h
      COMMAND ${PROTOC_C} --c_out=${out} -I${PROJECT_SOURCE_DIR}/proto -I${ZR_WELL_KNOWN_DIR} ${f}
      DEPENDS ${path} VERBATIM)
    list(APPEND sources ${out}/${stem}.pb-c.c)
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_link_libraries(${target} PUBLIC ${A_USES} PkgConfig::protobufc PRIVATE zr_options)
  target_compile_options(${target} PRIVATE -w)
endfunction()
