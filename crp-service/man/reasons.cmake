# build/*/man/ndes-reasons.7, made from the catalogue that the programs themselves use.
find_program(SCDOC_PROGRAM scdoc)
if(SCDOC_PROGRAM)
  set(reasons_page ${CMAKE_BINARY_DIR}/man/ndes-reasons.7)
  add_custom_command(OUTPUT ${reasons_page}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
    COMMAND crpctl reasons --format scdoc > ${reasons_page}.scd
    COMMAND ${SCDOC_PROGRAM} < ${reasons_page}.scd > ${reasons_page}
    DEPENDS crpctl
    VERBATIM)
  add_custom_target(reasons_man_page ALL DEPENDS ${reasons_page})
endif()
