#pragma once
// A QR code as text: for a telephone to read from a terminal. Only qr.cpp knows the library behind it.

#include <string>

namespace carepost::command {

// Two rows of the code a line, as half blocks, with the margin that readers want; dark on light, whatever the terminal's colours. Empty when the text is
// too long for a code.
std::string qr_blocks(const std::string& text);

}  // namespace carepost::command
