# zr_room(NAME SOURCES … USES … OUTSIDE …): one room of the house as an object library.
#
# A room sees the headers of the rooms in USES and no others: each room's include root is a folder
# that holds one link, NAME -> its source folder, so "engine/engine.h" resolves only for a room that
# lists engine. USES names the whole closure; the list of calls in plugin/CMakeLists.txt is the table.
#
# isolate_NAME links a room's objects with those of its USES and its OUTSIDE libraries and forbids
# undefined symbols: a hand-written extern that dodges the headers fails there. `isolation` runs all.
add_custom_target(isolation)

function(zr_room name)
  cmake_parse_arguments(A "" "" "SOURCES;USES;OUTSIDE;GENERATED" ${ARGN})
  list(TRANSFORM A_SOURCES PREPEND ${name}/)
  add_library(${name} OBJECT ${A_SOURCES})
  set(root ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${name} ${root}/${name} SYMBOLIC)
  target_include_directories(${name} PUBLIC ${root})
  target_include_directories(${name} SYSTEM PRIVATE ${UTHASH_INCLUDE})
  target_link_libraries(${name} PUBLIC ${A_USES} PRIVATE zr_warnings ${A_OUTSIDE})

  set(objects $<TARGET_OBJECTS:${name}>)
  set(outside ${A_OUTSIDE})
  foreach(u IN LISTS A_USES)
    list(APPEND objects $<TARGET_OBJECTS:${u}>)
    get_property(o TARGET ${u} PROPERTY ZR_OUTSIDE)
    list(APPEND outside ${o})
  endforeach()
  set_property(TARGET ${name} PROPERTY ZR_OUTSIDE "${outside}")
  set_property(GLOBAL APPEND PROPERTY ZR_ROOMS ${name})
  add_library(isolate_${name} MODULE EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/empty.c ${objects})
  target_link_libraries(isolate_${name} PRIVATE zr_options ${outside} Threads::Threads m)
  if(NOT ZR_SANITIZE)
    target_link_options(isolate_${name} PRIVATE -Wl,-z,defs)
  endif()
  add_dependencies(isolation isolate_${name})
endfunction()

# zr_use_rooms(TARGET ROOM…): give a program or a test the objects and headers of the named rooms
# (closure, as in zr_room) and the outside libraries they need.
function(zr_use_rooms target)
  foreach(r IN LISTS ARGN)
    get_property(o TARGET ${r} PROPERTY ZR_OUTSIDE)
    target_link_libraries(${target} PRIVATE ${r} ${o})
  endforeach()
  target_link_libraries(${target} PRIVATE Threads::Threads m)
  target_include_directories(${target} SYSTEM PRIVATE ${UTHASH_INCLUDE})
endfunction()

# zr_unit_test(NAME SOURCES … ROOMS … [OUTSIDE …] [SWEEP]): one cmocka program, one ctest entry
# `unit.NAME`. With SWEEP it lets allocations fail (tests/sweep/sweep.h) and bears that label, too.
# It links the named rooms only: an engine test that needs curl does not build.
function(zr_unit_test name)
  cmake_parse_arguments(A "SWEEP" "" "SOURCES;ROOMS;OUTSIDE" ${ARGN})
  add_executable(test_${name} ${A_SOURCES})
  set_target_properties(test_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  zr_use_rooms(test_${name} ${A_ROOMS})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/shared)
  target_link_libraries(test_${name} PRIVATE zr_warnings PkgConfig::cmocka ${A_OUTSIDE})
  add_test(NAME unit.${name} COMMAND test_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 120)
  if(A_SWEEP)
    target_link_libraries(test_${name} PRIVATE zr_sweep)
    set_tests_properties(unit.${name} PROPERTIES LABELS "unit;sweep")
  endif()
endfunction()
