#pragma once
// A small change without evidence: runs in the writer and answers when it is on disk.

#include <memory>

#include "broker/store/store.h"

namespace carepost::service {

// `change` takes the transaction, `answer` a Status.
template <typename Change, typename Answer>
class SimpleOp final : public store::WriteOp {
public:
    SimpleOp(std::size_t bytes, Change change, Answer answer)
        : bytes_(bytes), change_(std::move(change)), answer_(std::move(answer)) {}
    std::size_t bytes() const override { return bytes_; }
    Status apply(store::Transaction& transaction) override { return change_(transaction); }
    void committed(const store::Settled&) override { answer_(Status()); }
    void failed(const Error& error) override { answer_(Status(fail(error))); }

private:
    std::size_t bytes_;
    Change change_;
    Answer answer_;
};

template <typename Change, typename Answer>
void write_simply(store::Store& store, std::size_t bytes, Change change, Answer answer) {
    store.write(std::make_unique<SimpleOp<Change, Answer>>(bytes, std::move(change), std::move(answer)));
}

}  // namespace carepost::service
