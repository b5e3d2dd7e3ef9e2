#pragma once
// An upload as a client would make it.

#include "tests/unit/store/store_fixture.h"

namespace carepost::test {

struct TestUpload {
    UploadPlan plan;
    Bytes content;
    Bytes leaf_bytes;
    Bytes stanza_bytes;

    // One content of `size` bytes, `stanzas` stanzas brought as parts; from mailbox number 1.
    TestUpload(std::uint64_t number, std::size_t size, std::size_t stanzas);

    Result<std::vector<MissingStream>> begin(StoreFixture& fixture) const;
    Result<std::uint64_t> put(StoreFixture& fixture, StreamKind kind, std::uint64_t offset, const Bytes& part) const;
    // Everything still missing, in whole parts; of the content only parts that end within `most` bytes.
    Status put_all(StoreFixture& fixture, std::size_t most = ~std::size_t{0}) const;
    Result<Bytes> stanzas(StoreFixture& fixture) const;
    // Until the parts thread has done what it was given.
    void wait(StoreFixture& fixture) const;
    TestOp::Apply submit(std::int64_t sender, std::vector<std::int64_t> recipients) const;
};

std::size_t files_under(const std::filesystem::path& folder);

}  // namespace carepost::test
