# Defences of the compiler and the linker (docs/threat-model.md); .ci/check-hardening reads them back
# from the binaries.
include(CheckPIESupported)
check_pie_supported(LANGUAGES C CXX)

add_library(carepost_hardening INTERFACE)
target_compile_options(carepost_hardening INTERFACE -fstack-protector-strong -fno-strict-overflow)
target_compile_definitions(carepost_hardening INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(carepost_hardening INTERFACE
    LINKER:-z,relro,-z,now,-z,noexecstack,-z,separate-code,--as-needed)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(carepost_hardening INTERFACE -fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    target_compile_options(carepost_hardening INTERFACE -mbranch-protection=standard)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    # FORTIFY needs optimisation, and the sanitizers want to see the plain calls.
    target_compile_options(carepost_hardening INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-clash-protection)
endif()
