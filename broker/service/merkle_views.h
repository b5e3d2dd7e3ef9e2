#pragma once
// The store's logs, and lists of leaf hashes, as trees that can be proven from.

#include <span>

#include "broker/store/store.h"
#include "proto/trust/merkle.h"

namespace carepost::service {

// One of the two logs as the reader sees it now.
class LogNodes final : public trust::NodeStore {
public:
    LogNodes(store::LogReader& logs, store::Log log) : logs_(logs), log_(log) {}
    Result<Hash> node(unsigned level, std::uint64_t index) const override { return logs_.log_node(log_, level, index); }

private:
    store::LogReader& logs_;
    store::Log log_;
};

// Leaves in memory: subtrees are computed when asked for.
class LeafNodes final : public trust::NodeStore {
public:
    explicit LeafNodes(std::span<const Hash> leaves) : leaves_(leaves) {}
    Result<Hash> node(unsigned level, std::uint64_t index) const override {
        return trust::root_of_leaves(leaves_.subspan(index << level, std::size_t{1} << level));
    }

private:
    std::span<const Hash> leaves_;
};

}  // namespace carepost::service
