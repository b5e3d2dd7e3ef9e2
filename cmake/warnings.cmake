# Warnings for our own code; generated and foreign code is included as SYSTEM and not judged.
add_library(carepost_warnings INTERFACE)
set(common_warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wcast-qual
    -Wformat=2 -Wundef -Wunused -Wvla -Wimplicit-fallthrough -Wswitch-enum -Wdouble-promotion)
set(cxx_warnings -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wextra-semi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND common_warnings -Wduplicated-cond -Wduplicated-branches -Wlogical-op)
    list(APPEND cxx_warnings -Wuseless-cast -Wsuggest-override)
else()
    list(APPEND common_warnings -Wthread-safety)
    list(APPEND cxx_warnings -Winconsistent-missing-override)
endif()
if(CAREPOST_WERROR)
    list(APPEND common_warnings -Werror)
endif()
target_compile_options(carepost_warnings INTERFACE
    ${common_warnings} "$<$<COMPILE_LANGUAGE:CXX>:${cxx_warnings}>")
