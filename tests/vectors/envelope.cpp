#include "tests/vectors/formats.h"
namespace carepost::vectors {
std::vector<Format> envelope_formats() { return {}; }
}  // namespace carepost::vectors
