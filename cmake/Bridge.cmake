# The Rust static library `bridge`, with Wasmtime's C headers beside it, as the target `timerose_bridge`.
#
# Cargo's target folder lives in the user's cache, keyed by the lock file, so that a second clone
# does not compile Rust again; the archive is copied into the build tree, so that two clones do not
# pull it from under each other.
set(TIMEROSE_BRIDGE_DIR ${CMAKE_SOURCE_DIR}/bridge)
file(SHA256 ${TIMEROSE_BRIDGE_DIR}/Cargo.lock bridge_lock_hash)
string(SUBSTRING ${bridge_lock_hash} 0 16 bridge_key)
if(DEFINED ENV{XDG_CACHE_HOME})
  set(bridge_cache $ENV{XDG_CACHE_HOME}/timerose)
else()
  set(bridge_cache $ENV{HOME}/.cache/timerose)
endif()
set(bridge_target_dir ${bridge_cache}/bridge-${bridge_key})
set(bridge_out ${CMAKE_BINARY_DIR}/bridge)
set(bridge_archive ${bridge_out}/libtimerose_bridge.a)

find_program(TIMEROSE_CARGO cargo HINTS $ENV{HOME}/.cargo/bin REQUIRED)
file(GLOB_RECURSE bridge_sources CONFIGURE_DEPENDS ${TIMEROSE_BRIDGE_DIR}/src/*.rs)
file(MAKE_DIRECTORY ${bridge_out}/include)
add_custom_command(
  OUTPUT ${bridge_archive}
  COMMAND ${CMAKE_COMMAND} -E env --unset=RUSTFLAGS
    bash ${TIMEROSE_BRIDGE_DIR}/build.sh ${TIMEROSE_CARGO} ${bridge_target_dir} ${bridge_out}
  DEPENDS ${bridge_sources} ${TIMEROSE_BRIDGE_DIR}/Cargo.toml ${TIMEROSE_BRIDGE_DIR}/Cargo.lock
          ${TIMEROSE_BRIDGE_DIR}/build.sh
  WORKING_DIRECTORY ${TIMEROSE_BRIDGE_DIR}
  COMMENT "Rust bridge (the first time takes minutes; it is kept in ${bridge_target_dir})"
  USES_TERMINAL VERBATIM)
add_custom_target(timerose_bridge_build DEPENDS ${bridge_archive})
add_custom_target(bridge_test
  COMMAND ${CMAKE_COMMAND} -E env --unset=RUSTFLAGS
    bash ${TIMEROSE_BRIDGE_DIR}/test.sh ${TIMEROSE_CARGO} ${bridge_target_dir} ${bridge_out}/bridge_test
  DEPENDS ${bridge_archive}
  USES_TERMINAL VERBATIM)

add_library(timerose_bridge INTERFACE)
add_dependencies(timerose_bridge timerose_bridge_build)
target_include_directories(timerose_bridge SYSTEM INTERFACE ${bridge_out}/include ${TIMEROSE_BRIDGE_DIR}/include)
target_link_libraries(timerose_bridge INTERFACE ${bridge_archive} gcc_s util rt Threads::Threads m dl c)
