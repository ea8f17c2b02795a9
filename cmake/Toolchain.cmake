# Compiler settings that hold for every target; what differs between builds is in CMakePresets.json.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

option(TIMEROSE_FUZZ "Build the libFuzzer targets of tests/fuzz (clang only)" OFF)

# Most of a file's compilation is the headers it includes, so a dozen sources of a folder can be compiled as one: those
# of its tests (and of what need not be fast), or of every library. Names of a folder are then seen by all of it,
# anonymous namespaces or not.
set(TIMEROSE_UNITY "" CACHE STRING "Which sources are compiled a dozen at a time: nothing, tests or all")
if(TIMEROSE_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)  # it takes included sources for headers
endif()

# The fastest linker and a compiler cache where the machine has them.
find_program(TIMEROSE_CCACHE ccache)
if(TIMEROSE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${TIMEROSE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TIMEROSE_CCACHE})
endif()
find_program(TIMEROSE_MOLD mold)
find_program(TIMEROSE_LLD NAMES ld.lld-19 ld.lld)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND TIMEROSE_LLD)
  add_link_options(-fuse-ld=${TIMEROSE_LLD})
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND TIMEROSE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough
                    -fno-omit-frame-pointer -fdiagnostics-color=auto)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-g1)
endif()
# gcc 12 loses sight of lengths and of which member of a variant is there once it has put a few functions of its own
# library into one another: it warns of comparing vectors and of moving a Result, and never rightly so here. gcc 13, and
# clang, see through it.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized> $<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overread>)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
include(GoogleTest)
