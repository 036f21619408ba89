# zr_warnings: the strict set, for everything we wrote. Generated code links zr_options only.
# zr_options: what every translation unit gets, generated ones too.
add_library(zr_options INTERFACE)
target_compile_definitions(zr_options INTERFACE _GNU_SOURCE)
target_compile_options(zr_options INTERFACE
  -fstack-protector-strong -fvisibility=hidden
  $<$<CONFIG:RelWithDebInfo,Release>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
target_link_options(zr_options INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)

add_library(zr_warnings INTERFACE)
target_link_libraries(zr_warnings INTERFACE zr_options)
target_compile_options(zr_warnings INTERFACE
  -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition -Wredundant-decls
  -Wcast-qual -Wcast-align -Wbad-function-cast -Wpointer-arith -Wwrite-strings -Wformat=2
  -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion
  $<$<C_COMPILER_ID:GNU>:-Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wjump-misses-init
    -Warith-conversion>
  $<$<C_COMPILER_ID:Clang>:-Wthread-safety -Wshorten-64-to-32 -Wcomma
    -Wunreachable-code-aggressive -Wconditional-uninitialized -Wassign-enum>)
