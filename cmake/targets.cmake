# One way to declare each kind of target, so that the folders only list names.
# A library or program without sources is allowed: the folder is reserved, and everything still configures.

add_custom_target(binaries COMMENT "The programs and the client library, without tests")
add_custom_target(unit_tests COMMENT "All unit test programs")

# Settings shared by everything we compile ourselves.
function(carepost_common target)
    target_include_directories(${target} PUBLIC
        "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>" "$<BUILD_INTERFACE:${CAREPOST_GENERATED_DIR}>")
    target_link_libraries(${target} PRIVATE
        "$<BUILD_INTERFACE:carepost_warnings>" "$<BUILD_INTERFACE:carepost_hardening>")
endfunction()

# Lets a program in a folder beside lib/ find libcarepost.so, wherever the tree is moved.
function(carepost_find_client_at_run_time target)
    if("carepost_client" IN_LIST ARGN)
        set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
    endif()
endfunction()

# carepost_library(NAME SOURCES a.cpp ... DEPENDS public... PRIVATE_DEPENDS hidden... [INCLUDE folder])
# A static library. DEPENDS are those its headers need; PRIVATE_DEPENDS only its sources. INCLUDE is one
# more folder from which it and its users include.
function(carepost_library name)
    cmake_parse_arguments(arg "" "INCLUDE" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
    if(NOT arg_SOURCES)
        add_library(${name} INTERFACE)
        target_include_directories(${name} INTERFACE
            "${PROJECT_SOURCE_DIR}" "${CAREPOST_GENERATED_DIR}" ${arg_INCLUDE})
        target_link_libraries(${name} INTERFACE ${arg_DEPENDS})
        return()
    endif()
    add_library(${name} STATIC ${arg_SOURCES})
    carepost_common(${name})
    target_include_directories(${name} PUBLIC ${arg_INCLUDE})
    target_link_libraries(${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE_DEPENDS})
endfunction()

# carepost_executable(NAME SOURCES main.cpp ... DEPENDS ...): a program that is installed.
function(carepost_executable name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
    if(NOT arg_SOURCES)
        return()
    endif()
    add_executable(${name} ${arg_SOURCES})
    carepost_common(${name})
    target_link_libraries(${name} PRIVATE ${arg_DEPENDS})
    carepost_find_client_at_run_time(${name} ${arg_DEPENDS})
    # The map shows what went in: the broker must not contain the code that opens messages.
    target_link_options(${name} PRIVATE "LINKER:-Map=$<TARGET_FILE:${name}>.map")
    add_dependencies(binaries ${name})
    set_property(GLOBAL APPEND PROPERTY CAREPOST_INSTALLED_PROGRAMS ${name})
endfunction()

# g++ 12 sees overflows in its own std::string and std::vector when tests join literals or bytes (GCC bugs 105329, 105651);
# clang and the sanitizers watch over the same places.
function(carepost_spare_false_alarms target)
    if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND
            CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        target_compile_options(${target} PRIVATE
            -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict)
    endif()
endfunction()

# carepost_test(NAME SOURCES ... DEPENDS ...): one Catch2 program, one ctest entry.
# LABELS and TIMEOUT (seconds, default 120) go to ctest.
function(carepost_test name)
    cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
    if(NOT arg_SOURCES)
        return()
    endif()
    add_executable(${name} ${arg_SOURCES})
    carepost_common(${name})
    target_link_libraries(${name} PRIVATE ${arg_DEPENDS} Catch2::Catch2WithMain)
    carepost_spare_false_alarms(${name})
    carepost_find_client_at_run_time(${name} ${arg_DEPENDS})
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    add_test(NAME ${name} COMMAND ${name} --colour-mode none WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "unit;${arg_LABELS}")
    add_dependencies(unit_tests ${name})
endfunction()

# carepost_fuzzer(NAME SOURCES ... DEPENDS ...): a libFuzzer program, built by the fuzz preset only.
function(carepost_fuzzer name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
    if(NOT CAREPOST_FUZZ OR NOT arg_SOURCES)
        return()
    endif()
    add_executable(${name} ${arg_SOURCES})
    carepost_common(${name})
    target_link_libraries(${name} PRIVATE ${arg_DEPENDS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
endfunction()

# carepost_protos(NAME a.proto ...): C++ from schemas of this folder, included from the root:
# #include "proto/schema/wire.pb.h". Imports between schemas are written from the root too.
function(carepost_protos name)
    if(NOT ARGN)
        carepost_library(${name} DEPENDS protobuf::libprotobuf)
        return()
    endif()
    file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
    foreach(schema IN LISTS ARGN)
        string(REGEX REPLACE "\\.proto$" "" stem "${CAREPOST_GENERATED_DIR}/${folder}/${schema}")
        add_custom_command(
            OUTPUT "${stem}.pb.cc" "${stem}.pb.h"
            COMMAND protobuf::protoc --cpp_out "${CAREPOST_GENERATED_DIR}"
                    -I "${PROJECT_SOURCE_DIR}" "${folder}/${schema}"
            # Schemas are few and import each other: any change regenerates all.
            DEPENDS ${ARGN}
            WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
            COMMENT "Generating C++ from ${folder}/${schema}" VERBATIM)
        list(APPEND generated "${stem}.pb.cc" "${stem}.pb.h")
    endforeach()
    add_library(${name} STATIC ${generated})
    # Generated code is not held to our warnings, hence without carepost_common.
    target_include_directories(${name} SYSTEM PUBLIC "${CAREPOST_GENERATED_DIR}")
    target_link_libraries(${name} PUBLIC protobuf::libprotobuf PRIVATE carepost_hardening)
endfunction()

# carepost_client_library(NAME CORE static_library): libcarepost.so from the whole of CORE.
# Only carepost_* symbols leave it, whatever the sources say (cmake/client_library.map).
function(carepost_client_library name)
    cmake_parse_arguments(arg "" "CORE" "" ${ARGN})
    get_target_property(core_type ${arg_CORE} TYPE)
    if(core_type STREQUAL "INTERFACE_LIBRARY")
        add_library(${name} INTERFACE)
        target_include_directories(${name} INTERFACE "${PROJECT_SOURCE_DIR}/client-lib/include")
        return()
    endif()
    set(map "${PROJECT_SOURCE_DIR}/cmake/client_library.map")
    file(WRITE "${CAREPOST_GENERATED_DIR}/${name}.cpp" "")  # a library needs a source of its own
    add_library(${name} SHARED "${CAREPOST_GENERATED_DIR}/${name}.cpp")
    target_link_libraries(${name} PRIVATE
        "$<BUILD_INTERFACE:$<LINK_LIBRARY:WHOLE_ARCHIVE,${arg_CORE}>>"
        "$<BUILD_INTERFACE:carepost_hardening>")
    target_include_directories(${name} INTERFACE
        "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/client-lib/include>")
    target_link_options(${name} PRIVATE "LINKER:--version-script=${map}" "LINKER:--no-undefined")
    if(CAREPOST_SANITIZE)
        # The sanitizers' runtime is in the program, so the library has undefined symbols by design.
        target_link_options(${name} PRIVATE "LINKER:--undefined-version" "LINKER:-z,undefs")
    endif()
    set_target_properties(${name} PROPERTIES
        OUTPUT_NAME carepost
        EXPORT_NAME carepost
        LINK_DEPENDS "${map}"
        VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR})
    add_dependencies(binaries ${name})
endfunction()
