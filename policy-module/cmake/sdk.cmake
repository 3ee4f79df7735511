# What a module's author needs, installed by `cmake --install BUILD --component sdk`: header, export
# list, pkg-config file, CMake package, templates. The version is the interface's own.
include(CMakePackageConfigHelpers)

# ndes_policy_read_version(NAME OUT): the value of NDES_POLICY_ABI_<NAME> in the header.
function(ndes_policy_read_version name out)
  file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/include/ndes_policy.h line
    REGEX "^#define NDES_POLICY_ABI_${name} [0-9]+u$")
  string(REGEX REPLACE "^.* ([0-9]+)u$" "\\1" number "${line}")
  set(${out} ${number} PARENT_SCOPE)
endfunction()
ndes_policy_read_version(MAJOR abi_major)
ndes_policy_read_version(MINOR abi_minor)
set(NDES_POLICY_ABI_VERSION ${abi_major}.${abi_minor})

configure_file(cmake/ndes-policy.pc.in ndes-policy.pc @ONLY)
write_basic_package_version_file(ndes-policy-config-version.cmake
  VERSION ${NDES_POLICY_ABI_VERSION} COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)

install(FILES include/ndes_policy.h DESTINATION include COMPONENT sdk)
install(FILES exports.map DESTINATION share/ndes-policy COMPONENT sdk)
install(DIRECTORY templates DESTINATION share/ndes-policy COMPONENT sdk)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ndes-policy.pc DESTINATION share/pkgconfig COMPONENT sdk)
install(FILES cmake/ndes-policy-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/ndes-policy-config-version.cmake
  DESTINATION share/cmake/ndes-policy COMPONENT sdk)
