# Every foreign library, found once and here. Debian's names stand in cmake/setup.

# What cmake/setup unpacked privately for this tree; anything in CMAKE_PREFIX_PATH goes before it.
set(CAREPOST_DEPS_DIR "${PROJECT_SOURCE_DIR}/build/deps" CACHE PATH
    "Prefix into which cmake/setup unpacks what the release lacks")
list(APPEND CMAKE_PREFIX_PATH "${CAREPOST_DEPS_DIR}/usr")

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(Protobuf 3.21 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(tomlplusplus 3.0 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
pkg_check_modules(libzmq REQUIRED IMPORTED_TARGET libzmq>=4.3.4)
add_library(carepost::zmq ALIAS PkgConfig::libzmq)
add_library(carepost::sqlite ALIAS SQLite::SQLite3)
pkg_check_modules(qrencode REQUIRED IMPORTED_TARGET libqrencode>=4.0)
add_library(carepost::qrencode ALIAS PkgConfig::qrencode)
# The header of the PKCS#11 standard alone: modules are opened at run time.
pkg_check_modules(p11kit REQUIRED p11-kit-1>=0.24)
add_library(carepost_cryptoki INTERFACE)
target_include_directories(carepost_cryptoki SYSTEM INTERFACE "$<BUILD_INTERFACE:${p11kit_INCLUDE_DIRS}>")
add_library(carepost::cryptoki ALIAS carepost_cryptoki)
include(sodium)

if(NOT CAREPOST_TESTS STREQUAL "OFF")
    # 3.4 at least: older ones do not know the matchers the tests use.
    find_package(Catch2 3.4 QUIET)
    if(NOT Catch2_FOUND AND NOT CAREPOST_TESTS STREQUAL "AUTO")
        message(FATAL_ERROR "Catch2 3.4 or newer was not found. Run cmake/setup --test and configure again.")
    endif()
endif()
set(CAREPOST_BUILD_TESTS "${Catch2_FOUND}")
if(CAREPOST_BUILD_TESTS)
    find_path(CAREPOST_RAPIDCHECK_INCLUDE rapidcheck.h)
    find_library(CAREPOST_RAPIDCHECK_LIBRARY rapidcheck)
    if(CAREPOST_RAPIDCHECK_INCLUDE AND CAREPOST_RAPIDCHECK_LIBRARY)
        add_library(carepost::rapidcheck UNKNOWN IMPORTED)
        set_target_properties(carepost::rapidcheck PROPERTIES
            IMPORTED_LOCATION "${CAREPOST_RAPIDCHECK_LIBRARY}"
            INTERFACE_INCLUDE_DIRECTORIES "${CAREPOST_RAPIDCHECK_INCLUDE}")
    endif()
else()
    message(STATUS "Tests are left out: Catch2 3 was not found (cmake/setup --test brings it)")
endif()
