// The same from C++, through the header-only layer.
#include <carepost/carepost.h>

#include <carepost/carepost.hpp>
#include <cstdio>

int main() {
    carepost_options* const options = carepost_options_new();
    if (options == nullptr) return 1;
    carepost_options_free(options);
    std::puts("carepost works");
}
