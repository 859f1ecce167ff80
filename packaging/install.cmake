# What `cmake --install` puts where, and the Debian package of the same files (`make package`).

set(generated ${PROJECT_BINARY_DIR}/packaging)

configure_file(packaging/braidd.service.in ${generated}/braidd.service @ONLY)

# completion(SHELL FILE DIRECTORY): the program itself writes its completions.
function(completion shell file directory)
    add_custom_command(OUTPUT ${generated}/${file}
        COMMAND braid-cli completion ${shell} > ${generated}/${file}
        DEPENDS braid-cli VERBATIM)
    add_custom_target(completion-${shell} ALL DEPENDS ${generated}/${file})
    install(FILES ${generated}/${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/${directory})
endfunction()

completion(bash braid bash-completion/completions)
completion(zsh _braid zsh/site-functions)
completion(fish braid.fish fish/vendor_completions.d)

install(TARGETS braidd DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS braid-cli DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${generated}/braidd.service DESTINATION lib/systemd/system)
install(FILES man/braid.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES man/braid.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES man/braidd.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CHANGELOG.md LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "the braid maintainers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "IKEv2 with post-quantum key exchanges: daemon and command line")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libssl3t64 (>= 3.5), libuv1t64, libmnl0, libseccomp2, libjansson4")
set(CPACK_VERBATIM_VARIABLES ON)
include(CPack)
