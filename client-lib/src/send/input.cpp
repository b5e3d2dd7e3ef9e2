#include "client-lib/src/send/input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace carepost::client {
namespace {

struct KnownType {
    std::string_view ending;
    std::string_view media_type;
};
constexpr std::array kKnownTypes{KnownType{".json", "application/json"}, KnownType{".xml", "application/xml"},
                                 KnownType{".pdf", "application/pdf"},   KnownType{".txt", "text/plain"},
                                 KnownType{".html", "text/html"},        KnownType{".csv", "text/csv"},
                                 KnownType{".png", "image/png"},         KnownType{".jpg", "image/jpeg"},
                                 KnownType{".jpeg", "image/jpeg"},       KnownType{".tif", "image/tiff"},
                                 KnownType{".dcm", "application/dicom"}, KnownType{".zip", "application/zip"}};

std::string guess_media_type(const std::string& name) {
    std::string ending = std::filesystem::path(name).extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    for (const KnownType& known : kKnownTypes) {
        if (known.ending == ending) return std::string(known.media_type);
    }
    return "application/octet-stream";
}

}  // namespace

Result<InputReader> InputReader::open(const ContentInput& input) {
    InputReader reader;
    reader.input_ = &input;
    reader.name_ = input.name;
    if (const auto* file = std::get_if<FileInput>(&input.source)) {
        TRY_ASSIGN(reader.file_, File::open_input(file->path));
        if (reader.name_.empty()) reader.name_ = std::filesystem::path(file->path).filename().string();
    } else if (const auto* descriptor = std::get_if<DescriptorInput>(&input.source)) {
        TRY_ASSIGN(reader.file_, File::duplicate(descriptor->descriptor));
    } else if (const auto* bytes = std::get_if<Bytes>(&input.source)) {
        reader.size_ = bytes->size();
    }
    if (std::holds_alternative<FileInput>(input.source)) {
        reader.size_ = reader.file_.regular_size();
        reader.version_ = reader.file_.version();
    }
    reader.media_type_ = input.media_type.empty() ? guess_media_type(reader.name_) : input.media_type;
    return reader;
}

Result<std::size_t> InputReader::read(std::span<std::uint8_t> out) {
    std::size_t count = 0;
    if (const auto* bytes = std::get_if<Bytes>(&input_->source)) {
        count = std::min<std::size_t>(out.size(), bytes->size() - done_);
        std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(done_), count, out.begin());
    } else if (const auto* function = std::get_if<ReaderInput>(&input_->source)) {
        TRY_ASSIGN(count, function->read(out));
        if (count > out.size())
            return fail(ErrorCode::bad_argument, "a content's read function returned more than was asked for");
    } else {
        TRY_ASSIGN(count, file_.read(out));
    }
    hash_.update(ByteView(out).first(count));
    done_ += count;
    if (progress_ && !progress_(done_)) return fail(ErrorCode::cancelled, "sending was stopped", "send again");
    return count;
}

Result<Hash> InputReader::finish() {
    if (std::holds_alternative<FileInput>(input_->source) && file_.version() != version_) {
        return fail(ErrorCode::file_changed, fmt::format("{} changed while it was being read", file_.name()),
                    "send it again when nothing writes to it");
    }
    return hash_.finish();
}

}  // namespace carepost::client
