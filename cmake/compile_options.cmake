# How everything of ours is compiled. Targets link `ndes_options`.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(NDES_BUILD_TESTS "Build the tests" ON)
set(NDES_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
option(NDES_FUZZ "Build tests/fuzz with libFuzzer (clang)" OFF)

# Several source files of a library compiled as one: a fifth of the time, for builds from nothing.
# Off while working (preset dev), where one file changes at a time. Private names are therefore
# unique in a library.
option(NDES_UNITY "Compile libraries in unity batches" OFF)
set(CMAKE_UNITY_BUILD ${NDES_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 10)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # One cache for all checkouts: paths below the source folder are made relative.
  set(ccache_launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${ccache_launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ccache_launcher})
endif()

add_library(ndes_options INTERFACE)
target_include_directories(ndes_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(ndes_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast>
  -fstack-protector-strong -fno-plt -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
target_link_options(ndes_options INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_definitions(ndes_options INTERFACE _FORTIFY_SOURCE=2)
endif()
if(NDES_UNITY)
  # In a unity batch each file counts as a header to this warning.
  target_compile_options(ndes_options INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endif()
if(NDES_SANITIZE)
  target_compile_options(ndes_options INTERFACE
    -fsanitize=${NDES_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ndes_options INTERFACE -fsanitize=${NDES_SANITIZE})
endif()
if(NDES_FUZZ)
  # Coverage for libFuzzer. What clang warns of and GCC does not is no fault of this build.
  target_compile_options(ndes_options INTERFACE -fsanitize=fuzzer-no-link -Wno-error)
endif()
