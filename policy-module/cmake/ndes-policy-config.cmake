# find_package(ndes-policy): the target ndes::policy (the header alone), and a function that makes a
# policy module as a host wants it.
get_filename_component(_ndes_policy_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(NDES_POLICY_EXPORTS_MAP "${_ndes_policy_prefix}/share/ndes-policy/exports.map")

if(NOT TARGET ndes::policy)
  add_library(ndes::policy INTERFACE IMPORTED)
  set_target_properties(ndes::policy PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${_ndes_policy_prefix}/include")
endif()
unset(_ndes_policy_prefix)

# ndes_policy_add_module(NAME SOURCE…): NAME.so. One symbol is exported, everything is bound at
# load, and the library is never unloaded, so that threads of its own are safe.
function(ndes_policy_add_module name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE ndes::policy)
  target_link_options(${name} PRIVATE
    -Wl,-z,relro,-z,now,-z,nodelete,-z,defs -Wl,--version-script=${NDES_POLICY_EXPORTS_MAP})
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${NDES_POLICY_EXPORTS_MAP})
endfunction()
