#include "client-lib/src/events/watcher.h"

#include <algorithm>

#include "proto/base/limits.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kEventsMost = 1'024;
constexpr std::size_t kStatesMost = 16;
constexpr milliseconds kRetry{1'000};
constexpr milliseconds kPatience{30'000};  // of the watcher's own requests
// Pushes may be dropped by a busy broker; the feed is asked at least this often.
constexpr milliseconds kAskAnyway{60'000};

// Nothing for what is no event of a message.
std::optional<Event> event_of(const codec::reply::Change& change) {
    Event event;
    switch (change.kind) {
        case codec::reply::ChangeKind::arrived:
            event.kind = EventKind::arrived;
            break;
        case codec::reply::ChangeKind::receipt:
            event.kind = EventKind::receipt;
            break;
        case codec::reply::ChangeKind::deleted:
        case codec::reply::ChangeKind::expired:
        case codec::reply::ChangeKind::recalled:
            event.kind = EventKind::deleted;
            break;
        case codec::reply::ChangeKind::pairing:
        case codec::reply::ChangeKind::packets:
            return std::nullopt;
    }
    event.change = change.change;
    event.seq = change.seq;
    event.message = change.message;
    return event;
}

}  // namespace

Result<ChangePage> fetch_changes(Connection& connection, std::uint64_t after, std::uint32_t limit,
                                 milliseconds timeout) {
    const auto most = std::clamp<std::uint32_t>(limit, 1, limits::kListPage);
    TRY_ASSIGN(const auto reply, connection.ask<codec::reply::Changes>(codec::op::Changes{after, most}, timeout));
    ChangePage page;
    page.next = after;
    // Numbers rise: a change from before would be told again and again, and the feed would never end.
    for (const auto& change : reply.changes) {
        if (change.change <= page.next) continue;
        page.next = change.change;
        auto event = event_of(change);
        page.keys = page.keys || !event;
        if (event) page.changes.push_back(std::move(*event));
    }
    page.more = page.next > after && page.next < reply.latest;
    return page;
}

Watcher::Watcher(Core& core, Membership& membership) : core_(core), membership_(membership) {
    core_.on_push = [this](std::uint64_t) { nudge(std::nullopt); };
    core_.on_state = [this](bool connected) { nudge(connected); };
    thread_ = std::thread([this] { run(); });
}

Watcher::~Watcher() {
    close();
    thread_.join();
}

void Watcher::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

// From the connection's thread: must not wait for anything.
void Watcher::nudge(std::optional<bool> connected) {
    const std::lock_guard lock(mutex_);
    if (!watching_) return;
    nudged_ = true;
    if (connected) {
        if (states_.size() < kStatesMost) states_.push_back(*connected);
        subscribe_ = subscribe_ || *connected;
    }
    changed_.notify_all();
}

Status Watcher::watch(std::optional<std::uint64_t> after, milliseconds timeout) {
    TRY(membership_.contact(timeout));
    TRY_ASSIGN(const auto reply, core_.connection->ask<codec::reply::Watch>(codec::op::Watch{}, timeout));
    core_.connection->keep(true);
    const std::lock_guard lock(mutex_);
    position_ = after.value_or(reply.latest);
    watching_ = true;
    nudged_ = true;
    changed_.notify_all();
    return {};
}

Result<std::optional<Event>> Watcher::next_event(milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [this] { return closed_ || !events_.empty(); });
    if (events_.empty()) {
        if (closed_) return fail(ErrorCode::cancelled, "the client was closed");
        return std::optional<Event>{};
    }
    const Event event = events_.front();
    events_.pop_front();
    if (events_.empty()) ready_.clear();
    changed_.notify_all();
    return std::optional<Event>(event);
}

void Watcher::on_event(std::function<void(const Event&)> callback) {
    std::unique_lock lock(mutex_);
    callback_ = std::move(callback);
    changed_.notify_all();
    if (std::this_thread::get_id() == thread_.get_id()) return;
    changed_.wait(lock, [this] { return !calling_; });
}

void Watcher::run() {
    std::unique_lock lock(mutex_);
    while (!closed_) {
        call_back(lock);
        if (closed_) break;
        if (watching_ && nudged_) {
            nudged_ = false;
            follow(lock);
            continue;
        }
        const bool woken = changed_.wait_for(lock, kAskAnyway,
                                             [this] { return closed_ || nudged_ || (callback_ && !events_.empty()); });
        if (!woken) nudged_ = true;
    }
    ready_.set();  // whoever polls learns that it is over
    changed_.notify_all();
}

void Watcher::follow(std::unique_lock<std::mutex>& lock) {
    while (!states_.empty()) {
        Event event;
        event.kind = states_.front() ? EventKind::connected : EventKind::disconnected;
        states_.pop_front();
        add(lock, event);
    }
    const bool subscribe = std::exchange(subscribe_, false);
    bool more = true;
    while (more && !closed_) {
        const std::uint64_t after = position_;
        lock.unlock();
        Status subscribed;
        if (subscribe) {
            auto reply = core_.connection->ask<codec::reply::Watch>(codec::op::Watch{}, kPatience);
            if (!reply) subscribed = fail(reply.error());
        }
        auto page = subscribed ? fetch_changes(*core_.connection, after, limits::kListPage, kPatience)
                               : Result<ChangePage>(fail(subscribed.error()));
        lock.lock();
        if (!page) {
            subscribe_ = subscribe_ || subscribe;
            nudged_ = true;
            changed_.wait_for(lock, kRetry, [this] { return closed_; });
            return;
        }
        for (const Event& event : page->changes) {
            add(lock, event);
            position_ = event.change;
        }
        position_ = std::max(position_, page->next);  // past changes without a message
        if (page->keys) {
            lock.unlock();
            membership_.tend(kPatience);
            lock.lock();
        }
        more = page->more;
    }
}

// Waits while the queue is full: then the feed waits for its reader.
void Watcher::add(std::unique_lock<std::mutex>& lock, Event event) {
    while (events_.size() >= kEventsMost && !closed_) {
        call_back(lock);
        if (events_.size() < kEventsMost) break;
        changed_.wait(lock, [this] { return closed_ || callback_ || events_.size() < kEventsMost; });
    }
    events_.push_back(event);
    ready_.set();
    changed_.notify_all();
}

void Watcher::call_back(std::unique_lock<std::mutex>& lock) {
    while (callback_ && !events_.empty() && !closed_) {
        const Event event = events_.front();
        events_.pop_front();
        if (events_.empty()) ready_.clear();
        const auto callback = callback_;
        calling_ = true;
        lock.unlock();
        callback(event);
        lock.lock();
        calling_ = false;
        changed_.notify_all();
    }
}

}  // namespace carepost::client
