# Installs the library's part of the build tree and builds the consumer against it, through
# find_package and through pkg-config. Arguments: BUILD (client's binary dir), SOURCE, WORK, CC, LIBDIR.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE rc OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT rc EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nended with ${rc}:\n${out}")
  endif()
  message(STATUS "${out}")
endfunction()

set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G Ninja -DCMAKE_PREFIX_PATH=${prefix}
  -DCMAKE_C_COMPILER=${CC})
run(${CMAKE_COMMAND} --build ${WORK}/build)
foreach(program consumer_c consumer_cxx consumer_static)
  run(${WORK}/build/${program})
endforeach()

set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
execute_process(COMMAND pkg-config --cflags --libs zenrelease
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags)
run(${CC} -Wall -Wextra -Werror ${SOURCE}/consumer.c -o ${WORK}/consumer_pc ${flags}
  -Wl,-rpath,${prefix}/${LIBDIR})
run(${WORK}/consumer_pc)

# Nothing but the public names is visible.
execute_process(COMMAND nm -D --defined-only ${prefix}/${LIBDIR}/libzenrelease.so
  OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+\n" lines "${names}")
foreach(line IN LISTS lines)
  if(NOT line MATCHES " zenrelease_[a-z]")
    message(FATAL_ERROR "visible in the shared library: ${line}")
  endif()
endforeach()
