# What a person may choose, and the settings every target shares.
option(CAREPOST_WERROR "Treat warnings as errors" OFF)
option(CAREPOST_FUZZ "Build the fuzz targets (clang only)" OFF)
set(CAREPOST_TESTS "AUTO" CACHE STRING "Build the tests: ON, OFF, or AUTO (when Catch2 3 is found)")
set_property(CACHE CAREPOST_TESTS PROPERTY STRINGS AUTO ON OFF)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
# One relative path for the build tree and the installed tree; CMake's own padding of longer ones with
# colons would make the loader look in the current directory.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()

# Tests, scripts and the manual rely on these places.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CAREPOST_GENERATED_DIR "${PROJECT_BINARY_DIR}/generated")

find_program(CAREPOST_CCACHE ccache)
if(CAREPOST_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER "${CAREPOST_CCACHE}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CAREPOST_CCACHE}")
endif()
