# The documents, and the descriptions of API and configurations, installed in the tree they have here, so that links
# between them hold.
file(GLOB_RECURSE documents RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
  common/*.md scep-server/*.md policy-module/*.md crp-service/*.md schema/*.md schema/*.schema.json)
foreach(document README.md CONTRIBUTING.md CHANGELOG.md debian/README.md ${documents}
    schema/crp-v1.openapi.yaml schema/postgresql/grants.sql)
  get_filename_component(folder ${document} DIRECTORY)
  install(FILES ${document} DESTINATION ${NDES_DOCUMENT_DIR}/${folder})
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/openapi/crp-v1.openapi.json
  DESTINATION ${NDES_DOCUMENT_DIR}/schema)
