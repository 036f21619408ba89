# What is installed beside the programs: man pages, shell completion, schemas.
install(FILES packaging/man/zenrelease.1 packaging/man/zenrelease-plugin.1
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES packaging/completion/zenrelease.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME zenrelease)
install(FILES packaging/completion/_zenrelease
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES packaging/completion/zenrelease.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${PROJECT_SOURCE_DIR}/docs/schemas/teardown-v1.json
              ${PROJECT_SOURCE_DIR}/docs/schemas/plan-v1.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zenrelease/schemas)
