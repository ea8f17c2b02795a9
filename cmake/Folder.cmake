# Compiles a dozen sources of the target at a time (TIMEROSE_UNITY of Toolchain.cmake).
function(timerose_in_few_units target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
endfunction()

# How a program of tests is compiled: quickly, as nothing in it need be fast.
function(timerose_as_tests target)
  if(TIMEROSE_UNITY)
    timerose_in_few_units(${target})
  endif()
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)
endfunction()

# One static library a folder of src/: every foo.cc in it, and a test program of every foo_test.cc.
#
#   timerose_folder(ipld DEPENDS multiformats LINK OpenSSL::Crypto)
#
# makes the library `timerose_ipld` and, if the folder has tests, the program `ipld_test`.
# DEPENDS names folders of src/ that this one may include (all of them lower in the list of
# ARCHITECTURE.md); LINK names outside libraries. IN_FEW_UNITS: nothing in it need be fast, so it is compiled as its
# tests are.
function(timerose_folder name)
  cmake_parse_arguments(ARG "IN_FEW_UNITS" "" "DEPENDS;LINK;TEST_LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/*/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/*/*/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_main)\\.cc$")
  set(depends "")
  foreach(dependency IN LISTS ARG_DEPENDS)
    list(APPEND depends timerose_${dependency})
  endforeach()

  if(sources)
    add_library(timerose_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(timerose_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  if(sources AND (TIMEROSE_UNITY STREQUAL "all" OR (TIMEROSE_UNITY AND ARG_IN_FEW_UNITS)))
    timerose_in_few_units(timerose_${name})
  endif()
  target_include_directories(timerose_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(timerose_${name} ${scope} ${depends} ${ARG_LINK})

  if(tests AND NOT TIMEROSE_FUZZ)
    add_executable(${name}_test ${tests})
    timerose_as_tests(${name}_test)
    target_link_libraries(${name}_test PRIVATE timerose_${name} ${ARG_TEST_LINK} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE
      TIMEROSE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
      TIMEROSE_VECTORS_DIR="${CMAKE_SOURCE_DIR}/../shared/vectors")
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  endif()
endfunction()
