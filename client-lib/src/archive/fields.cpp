#include "client-lib/src/archive/fields.h"

namespace carepost::client {

// Growing would leave a copy behind that nobody wipes: so it grows by hand.
void RecordWriter::reserve(std::size_t more) {
    if (out_.size() + more <= out_.capacity()) return;
    Bytes larger;
    larger.reserve((out_.size() + more) * 2);
    larger.assign(out_.begin(), out_.end());
    wipe(out_);
    out_.swap(larger);
}

RecordWriter& RecordWriter::number(std::uint64_t value) {
    reserve(8);
    ByteWriter(out_).u64(value);
    return *this;
}

RecordWriter& RecordWriter::bytes(ByteView value) {
    reserve(4 + value.size());
    ByteWriter(out_).prefixed(value);
    return *this;
}

std::uint64_t RecordReader::number() {
    const auto value = good_ ? reader_.u64() : std::nullopt;
    if (!value) good_ = false;
    return value.value_or(0);
}

ByteView RecordReader::bytes() {
    const auto value = good_ ? reader_.prefixed() : std::nullopt;
    if (!value) good_ = false;
    return value.value_or(ByteView{});
}

std::uint64_t RecordReader::count() {
    const std::uint64_t value = number();
    if (value > reader_.remaining()) good_ = false;
    return good_ ? value : 0;
}

}  // namespace carepost::client
