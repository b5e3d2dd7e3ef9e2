# carepost::sodium: a static libsodium >= 1.0.22, the first with X-Wing (docs/threat-model.md).
# Debian's libzmq brings an older shared libsodium into the same process. Ours is linked statically and
# its symbols are hidden in everything we link, so that each keeps calling its own.
set(CAREPOST_SODIUM_MINIMUM 1.0.22)

# Looks in one prefix (or everywhere) and leaves CAREPOST_SODIUM_{INCLUDE,LIBRARY,VERSION}.
function(carepost_find_sodium)
    foreach(prefix IN LISTS CMAKE_PREFIX_PATH ITEMS "system")
        unset(include CACHE)
        unset(library CACHE)
        set(where PATHS "${prefix}" NO_DEFAULT_PATH)
        if(prefix STREQUAL "system")
            set(where "")
        endif()
        find_path(include sodium/version.h ${where} PATH_SUFFIXES include NO_CACHE)
        find_library(library libsodium.a ${where} NO_CACHE
            PATH_SUFFIXES lib/${CMAKE_LIBRARY_ARCHITECTURE} lib lib64)
        if(NOT include OR NOT library)
            continue()
        endif()
        file(STRINGS "${include}/sodium/version.h" line REGEX "define SODIUM_VERSION_STRING")
        string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${line}")
        string(APPEND seen "\n  ${library} is ${version}")
        if(version VERSION_GREATER_EQUAL CAREPOST_SODIUM_MINIMUM)
            set(CAREPOST_SODIUM_INCLUDE "${include}" PARENT_SCOPE)
            set(CAREPOST_SODIUM_LIBRARY "${library}" PARENT_SCOPE)
            set(CAREPOST_SODIUM_VERSION "${version}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    message(FATAL_ERROR
        "A static libsodium ${CAREPOST_SODIUM_MINIMUM} or newer was not found.${seen}\n"
        "Run cmake/setup, or give its prefix with -DCMAKE_PREFIX_PATH=PREFIX, and configure again.")
endfunction()

carepost_find_sodium()
message(STATUS "libsodium ${CAREPOST_SODIUM_VERSION}: ${CAREPOST_SODIUM_LIBRARY}")
add_library(carepost::sodium STATIC IMPORTED)
set_target_properties(carepost::sodium PROPERTIES
    IMPORTED_LOCATION "${CAREPOST_SODIUM_LIBRARY}"
    INTERFACE_COMPILE_DEFINITIONS SODIUM_STATIC=1
    INTERFACE_INCLUDE_DIRECTORIES "${CAREPOST_SODIUM_INCLUDE}"
    INTERFACE_LINK_LIBRARIES Threads::Threads
    INTERFACE_LINK_OPTIONS "LINKER:--exclude-libs,libsodium.a")
