# ZR_SANITIZE is a comma list for -fsanitize=; the presets set it, nobody else needs to.
set(ZR_SANITIZE "" CACHE STRING "sanitizers to build with, e.g. address,undefined")
if(ZR_SANITIZE)
  target_compile_options(zr_options INTERFACE -fsanitize=${ZR_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(zr_options INTERFACE -fsanitize=${ZR_SANITIZE})
  target_compile_definitions(zr_options INTERFACE ZR_SANITIZED=1)
endif()

# Coverage feedback for libFuzzer, and the targets of tests/fuzz linked with it. Clang only; the preset
# `fuzz` sets it. Without it the same targets replay their committed inputs.
option(ZR_FUZZ "link the targets of tests/fuzz with libFuzzer" OFF)
if(ZR_FUZZ)
  target_compile_options(zr_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
