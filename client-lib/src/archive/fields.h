#pragma once
// Records of the local state <-> bytes: a fixed order of fields, big-endian, texts length-prefixed. The first byte is the record's version.

#include <string>

#include "proto/base/bytes.h"
#include "proto/base/ids.h"
#include "proto/base/secret.h"

namespace carepost::client {

// Builds a record; what it gathered is wiped when it dies.
class RecordWriter {
public:
    RecordWriter() { out_.reserve(1024); }
    ~RecordWriter() { wipe(out_); }
    RecordWriter(const RecordWriter&) = delete;
    RecordWriter& operator=(const RecordWriter&) = delete;

    RecordWriter& number(std::uint64_t value);
    RecordWriter& bytes(ByteView value);
    RecordWriter& text(std::string_view value) { return bytes(view_of(value)); }
    template <typename Tag, std::size_t N>
    RecordWriter& id(const FixedBytes<Tag, N>& value) {
        return bytes(value.view());
    }
    SecretBytes finish() const { return SecretBytes::copy_from(out_); }

private:
    void reserve(std::size_t more);
    Bytes out_;
};

// Reads a record. After the first thing that does not fit everything reads as empty, and `whole` is false.
class RecordReader {
public:
    explicit RecordReader(ByteView bytes) : reader_(bytes) {}
    std::uint64_t number();
    ByteView bytes();
    std::string text() { return std::string(text_of(bytes())); }
    template <typename Id>
    Id id() {
        const auto value = Id::from(bytes());
        if (!value) good_ = false;
        return value.value_or(Id{});
    }
    // A count of things that take at least one byte each.
    std::uint64_t count();
    bool whole() const { return good_ && reader_.done(); }

private:
    ByteReader reader_;
    bool good_ = true;
};

}  // namespace carepost::client
