# What `cmake --install` puts down: programs, the client library with headers, CMake package and
# pkg-config file, man pages. The broker's own libraries stay inside.
include(CMakePackageConfigHelpers)

get_property(programs GLOBAL PROPERTY CAREPOST_INSTALLED_PROGRAMS)
if(programs)
    install(TARGETS ${programs} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

get_target_property(client_type carepost_client TYPE)
if(client_type STREQUAL "SHARED_LIBRARY")
    set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/CarePost")
    install(TARGETS carepost_client EXPORT CarePostTargets
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
    install(DIRECTORY client-lib/include/carepost DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
    install(EXPORT CarePostTargets NAMESPACE CarePost:: DESTINATION "${package_dir}")
    configure_package_config_file(cmake/CarePostConfig.cmake.in
        "${PROJECT_BINARY_DIR}/CarePostConfig.cmake" INSTALL_DESTINATION "${package_dir}")
    write_basic_package_version_file("${PROJECT_BINARY_DIR}/CarePostConfigVersion.cmake"
        COMPATIBILITY SameMinorVersion)
    install(FILES "${PROJECT_BINARY_DIR}/CarePostConfig.cmake"
                  "${PROJECT_BINARY_DIR}/CarePostConfigVersion.cmake" DESTINATION "${package_dir}")
    # Relative to the file itself, so that the installed tree can be moved.
    file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    string(REGEX REPLACE "/$" "" up "${up}")
    set(CAREPOST_PC_PREFIX "\${pcfiledir}/${up}")
    configure_file(cmake/carepost.pc.in "${PROJECT_BINARY_DIR}/carepost.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/carepost.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()

# Man pages are written in scdoc's language; without scdoc they are left out.
find_program(CAREPOST_SCDOC scdoc)
file(GLOB man_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/man/*.scd")
if(CAREPOST_SCDOC AND man_sources)
    foreach(source IN LISTS man_sources)
        get_filename_component(page "${source}" NAME_WLE)  # carepost.1
        get_filename_component(section "${page}" LAST_EXT)
        string(SUBSTRING "${section}" 1 1 section)
        set(output "${PROJECT_BINARY_DIR}/man/${page}")
        add_custom_command(OUTPUT "${output}"
            COMMAND sh -c "\"$1\" < \"$2\" > \"$3\"" scdoc "${CAREPOST_SCDOC}" "${source}" "${output}"
            DEPENDS "${source}" COMMENT "Manual page ${page}" VERBATIM)
        list(APPEND man_pages "${output}")
        install(FILES "${output}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
    endforeach()
    file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/man")
    add_custom_target(man_pages ALL DEPENDS ${man_pages})
    add_dependencies(binaries man_pages)  # what is built without tests can be installed, too
endif()

# How a machine runs the broker: service, user, modes, and the configuration with all defaults.
install(FILES packaging/systemd/carepostd.service packaging/systemd/carepost-witness.service DESTINATION lib/systemd/system)
install(FILES packaging/sysusers.d/carepost.conf packaging/sysusers.d/carepost-witness.conf DESTINATION lib/sysusers.d)
install(FILES packaging/tmpfiles.d/carepost.conf DESTINATION lib/tmpfiles.d)
install(FILES packaging/carepostd.toml DESTINATION "${CMAKE_INSTALL_DATADIR}/carepost")
