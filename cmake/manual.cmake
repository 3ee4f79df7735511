# Manual pages from scdoc sources, into build/*/man; installed with the programs.
find_program(SCDOC_PROGRAM scdoc)
if(NOT SCDOC_PROGRAM)
  message(STATUS "scdoc is not installed: no manual pages")
endif()
set(NDES_MANUAL_FOLDER ${CMAKE_BINARY_DIR}/man)
file(MAKE_DIRECTORY ${NDES_MANUAL_FOLDER})
add_custom_target(manual ALL)

# ndes_manual_page(PAGE SOURCE DEPENDS…): PAGE (crpd.8) out of SOURCE, which DEPENDS make.
function(ndes_manual_page page source)
  if(NOT SCDOC_PROGRAM)
    return()
  endif()
  string(REGEX MATCH "[0-9]$" section ${page})
  set(output ${NDES_MANUAL_FOLDER}/${page})
  add_custom_command(OUTPUT ${output}
    COMMAND sh -c "'${SCDOC_PROGRAM}' <'${source}' >'${output}'"
    DEPENDS ${source} ${ARGN} VERBATIM)
  add_custom_target(manual_${page} DEPENDS ${output})
  add_dependencies(manual manual_${page})
  install(FILES ${output} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} OPTIONAL)
endfunction()

# ndes_manual_of_sample(SAMPLE TEMPLATE): the page of a configuration file is its commented sample,
# in the place of @NDES_SAMPLE@ in TEMPLATE.
function(ndes_manual_of_sample sample template)
  file(READ ${CMAKE_CURRENT_SOURCE_DIR}/${sample} NDES_SAMPLE)
  set_property(DIRECTORY APPEND PROPERTY
    CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${sample})
  get_filename_component(page ${template} NAME)
  string(REPLACE ".scd.in" "" page ${page})
  configure_file(${template} ${CMAKE_CURRENT_BINARY_DIR}/${page}.scd @ONLY)
  ndes_manual_page(${page} ${CMAKE_CURRENT_BINARY_DIR}/${page}.scd)
endfunction()
