#include "tools/carepost/qr.h"

#include <qrencode.h>

#include <memory>

namespace carepost::command {

std::string qr_blocks(const std::string& text) {
    constexpr int kMargin = 4;  // modules, as ISO/IEC 18004 asks
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
        QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1), &QRcode_free);
    if (!code) return {};
    const auto dark = [&](int x, int y) {
        const bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
        return inside && (code->data[y * code->width + x] & 1) != 0;
    };
    std::string out;
    for (int y = -kMargin; y < code->width + kMargin; y += 2) {
        out += "\033[30;107m";  // black on white
        for (int x = -kMargin; x < code->width + kMargin; ++x) {
            const bool upper = dark(x, y), lower = dark(x, y + 1);
            out += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
        }
        out += "\033[0m\n";
    }
    return out;
}

}  // namespace carepost::command
