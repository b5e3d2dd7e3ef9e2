/* The least a C program can do with the installed library: include, link, call, free. */
#include <carepost/carepost.h>
#include <stdio.h>

int main(void) {
    carepost_options* options = carepost_options_new();
    if (options == NULL) return 1;
    carepost_options_free(options);
    puts("carepost works");
    return 0;
}
