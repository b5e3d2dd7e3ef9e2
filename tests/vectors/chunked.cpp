// Wycheproof's Cobblestone-256: ciphertexts are hex of zlib-compressed bytes. Opened chunk by chunk, part by part and
// from the end; valid ones are sealed again from their salt.

#include <zlib.h>

#include <stdexcept>

#include "client-lib/seal/chunked.h"
#include "proto/base/hash.h"
#include "proto/codec/content_layout.h"
#include "tests/vectors/formats.h"

namespace carepost::vectors {
namespace {

constexpr std::size_t kSalt = 24;

Bytes inflate_all(const Bytes& compressed) {
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) throw std::runtime_error("zlib could not be set up");
    Bytes in = compressed;  // zlib's interface is not const
    stream.next_in = in.data();
    stream.avail_in = static_cast<uInt>(in.size());
    Bytes out;
    Bytes block(1 << 16);
    int code = Z_OK;
    while (code == Z_OK) {
        stream.next_out = block.data();
        stream.avail_out = static_cast<uInt>(block.size());
        code = inflate(&stream, Z_NO_FLUSH);
        out.insert(out.end(), block.begin(), block.end() - static_cast<std::ptrdiff_t>(stream.avail_out));
    }
    inflateEnd(&stream);
    if (code != Z_STREAM_END) throw std::invalid_argument("a ciphertext does not decompress");
    return out;
}

struct Case {
    Bytes key;
    Bytes context;
    Bytes sealed;
};

struct Outcome {
    bool header_opened = false;
    bool opened = false;  // to the end
    Bytes released;       // plaintext of the chunks that opened before the first that did not
};

Result<seal::ChunkedOpener> opener_of(const Case& test) {
    const ByteView sealed(test.sealed);
    return seal::ChunkedOpener::create(test.key, test.context,
                                       sealed.first(std::min(sealed.size(), limits::kStreamHeader)));
}

Outcome open_chunks(const Case& test) {
    Outcome out;
    auto opener = opener_of(test);
    if (!opener) return out;
    out.header_opened = true;
    ByteView rest = ByteView(test.sealed).subspan(limits::kStreamHeader);
    Bytes plain(limits::kChunk);
    for (std::uint64_t index = 0;; ++index) {
        const ByteView chunk = rest.first(std::min(rest.size(), limits::kSealedChunk));
        const auto size = opener->open_chunk(index, chunk, plain);
        if (!size) return out;
        out.released.insert(out.released.end(), plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(*size));
        rest = rest.subspan(chunk.size());
        if (chunk.size() == limits::kSealedChunk) continue;
        out.opened = rest.empty();
        return out;
    }
}

// The way of the product: lengths first, then whole parts.
std::optional<Bytes> open_parts(const Case& test) {
    const auto layout = codec::ContentLayout::from_sealed(test.sealed.size());
    auto opener = opener_of(test);
    if (!layout || !opener) return std::nullopt;
    Bytes out;
    Bytes plain(seal::kPartPlain);
    for (std::uint64_t part = 0; part < layout->parts(); ++part) {
        ByteView sealed = ByteView(test.sealed).subspan(layout->part_offset(part), layout->part_size(part));
        if (part == 0) sealed = sealed.subspan(limits::kStreamHeader);
        const auto size = opener->open_part(part, part + 1 == layout->parts(), sealed, plain);
        if (!size) return std::nullopt;
        out.insert(out.end(), plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(*size));
    }
    return out;
}

// Authenticates the length by the last chunk alone, as a reader that seeks from the end would.
bool last_chunk_opens(const Case& test) {
    const auto layout = codec::ContentLayout::from_sealed(test.sealed.size());
    auto opener = opener_of(test);
    if (!layout || !opener) return false;
    const std::uint64_t index = layout->plain_length() / limits::kChunk;
    Bytes plain(limits::kChunk);
    const ByteView last = ByteView(test.sealed).subspan(limits::kStreamHeader + index * limits::kSealedChunk);
    return opener->open_chunk(index, last, plain).has_value();
}

bool seals_the_same(const Case& test, ByteView plain) {
    GivenRandom random(copy_of(ByteView(test.sealed).first(kSalt)));
    auto sealer = seal::ChunkedSealer::create(Secret<32>::from_view(test.key).value(), test.context, random);
    if (!sealer) return false;
    Bytes out;
    Bytes part(seal::kPartSealedMost);
    while (!sealer->finished()) {
        const ByteView next = plain.first(std::min(plain.size(), seal::kPartPlain));
        const auto size = sealer->seal_part(next, part);
        if (!size) return false;
        out.insert(out.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*size));
        plain = plain.subspan(next.size());
    }
    return out == test.sealed;
}

bool has_flag(const Json& test, const char* flag) {
    for (const Json& one : test.at("flags")) {
        if (one == flag) return true;
    }
    return false;
}

bool plaintext_is(const Json& test, const Bytes& plain) {
    return plain.size() == test.at("msgLength").get<std::uint64_t>() && equal(sha512(plain), hex_of(test, "msgSha512"));
}

bool agrees(const Json& test) {
    const Case one{hex_of(test, "key"), hex_of(test, "ctx"), inflate_all(hex_of(test, "ct"))};
    const Outcome outcome = open_chunks(one);
    const auto by_parts = open_parts(one);
    if (test.at("result") == "valid") {
        return outcome.opened && plaintext_is(test, outcome.released) && by_parts == outcome.released &&
               last_chunk_opens(one) && seals_the_same(one, outcome.released);
    }
    if (outcome.opened || by_parts) return false;
    if (has_flag(test, "HeaderFailure") == outcome.header_opened) return false;
    if (has_flag(test, "ValidFinalChunk") != last_chunk_opens(one)) return false;
    return has_flag(test, "PartialPlaintext") ? plaintext_is(test, outcome.released) : outcome.released.empty();
}

Tally run_chunked(const Json& file) {
    Tally tally;
    for (const Json& group : file.at("testGroups")) {
        const bool ours = group.at("aead") == "AEAD_AES_256_GCM" && group.at("sha") == "SHA-512";
        for (const Json& test : group.at("tests")) {
            if (ours) {
                tally.count(agrees(test), "tcId " + test.at("tcId").dump() + ": " + test.value("comment", ""));
            } else {
                ++tally.unsupported;
            }
        }
    }
    return tally;
}

}  // namespace

std::vector<Format> chunked_formats() {
    return {{"chunked encryption",
             [](const Json& file) {
                 return file.is_object() && file.contains("testGroups") && file.at("testGroups").is_array() &&
                        !file.at("testGroups").empty() &&
                        file.at("testGroups")[0].value("type", "") == "ChunkedEncryption";
             },
             run_chunked}};
}

}  // namespace carepost::vectors
