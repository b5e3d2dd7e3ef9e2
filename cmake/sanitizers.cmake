# CAREPOST_SANITIZE is a list as -fsanitize= takes it; a finding always ends the program.
set(CAREPOST_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined")
if(CAREPOST_SANITIZE)
    add_compile_options(-fsanitize=${CAREPOST_SANITIZE} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${CAREPOST_SANITIZE})
endif()
