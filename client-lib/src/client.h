#pragma once
// The client of a CarePost broker: one identity, its keys, its local state and one connection.
// c_abi.cpp binds to this header.
//
// Threads: all functions may be called from any thread at once. Each call blocks its own thread
// until it is done or its deadline has passed; one thread of the library owns the socket, another
// runs callbacks. Destroying a Client cancels what runs (`cancelled`) and waits for it. Errors:
// beside those named, every call that needs the broker may return broker_unreachable (nothing was
// sent), broker_untrusted (the peer is not the broker of broker.carepost), not_allowed (this key is
// not, or no longer, admitted), outcome_unknown (repeat with the same id), log_unverified,
// certificate_invalid, fraud_proven (sending has stopped; the proof is kept, its path named).

#include "client-lib/src/types.h"

namespace carepost::client {

class Client {
public:
    // --- a client's life -----------------------------------------------------------------------------------

    // Opens the identity kept under options.home. Takes its lock, unlocks its keys, does not wait
    // for the network: the connection is made at the first call that needs it. Errors: not_enrolled
    // (no identity here), identity_in_use (another process has it), unsafe_key_file,
    // wrong_passphrase, damaged_file, bad_argument.
    static Result<std::unique_ptr<Client>> open(Options options);

    // Makes a new identity: keys, chain, ten epochs, request; then brings the request in by the
    // invitation (waiting for the answer until the deadline: a sandbox admits at once, a registrar
    // may take days) or writes it to a file. Repeating it after an interruption continues with the
    // keys already made. Errors: already_exists (an admitted identity is here), bad_address,
    // no_such_file, broker_untrusted (the broker file is not whole or not signed), expired
    // (invitation), cannot_create.
    static Result<EnrolOutcome> enrol(Options options, const EnrolInput& input, Call call = {});

    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Cancels all running calls; later ones return `cancelled`. Idempotent, from any thread.
    void close();

    // --- oneself and others --------------------------------------------------------------------------------

    // Local facts, without the network.
    Result<Identity> whoami() const;
    // Asks the broker how a pending enrolment stands, and completes it when it was admitted. Any
    // other call does so by itself.
    Result<EnrolOutcome> enrolment_status(Call call = {});
    // Pre-flight: everything a send would verify. Errors: bad_address, unknown_recipient,
    // certificate_invalid, no_valid_epoch is a warning (epoch 0).
    Result<CheckOutcome> check(const std::string& address, Call call = {});
    // Search by words of the name or the number. `after`: address of the last result of the page
    // before. Unverified hits: what is sent to is verified when sending.
    Result<FoundPage> find(const std::string& text, const std::string& quality = {}, const std::string& after = {},
                           std::uint32_t limit = 100, Call call = {});

    // --- sending -------------------------------------------------------------------------------------------

    // Verifies the recipients, seals into the spool, uploads, returns with the broker's verified
    // receipt. After an error other than those below the sealed message stays in the spool: the
    // same call with the same id, or `resume`, goes on where it stopped. Errors: bad_address,
    // unknown_recipient, no_such_file, unreadable, file_changed, too_large, too_many, conflict (the
    // id was used with other content), no_valid_epoch, quota_exceeded, disk_full.
    Result<SendOutcome> send(const SendInput& input, Call call = {});
    // Sends not acknowledged yet, oldest first.
    Result<std::vector<Outgoing>> outgoing() const;
    // Goes on with one of them. Errors: not_found; bad_argument: it was interrupted while being
    // sealed, send it again.
    Result<SendOutcome> resume(const MessageId& id, ProgressCallback progress = {}, Call call = {});
    // Forgets one; its sealed bytes are erased here (what the broker already holds of it expires
    // there).
    Status discard(const MessageId& id);

    // --- receiving -----------------------------------------------------------------------------------------

    Result<MessagePage> list(const ListInput& input = {}, Call call = {});
    Result<Message> show(const Which& which, Call call = {});
    // Downloads, verifies, decrypts. Interrupted, the same call goes on from the last verified
    // part. Errors: not_found, cannot_open (nothing is left behind), cannot_create, disk_full
    // (resumable), io_failed.
    Result<GetOutcome> get(const GetInput& input, Call call = {});
    // Gives the `received` receipt of a message whose contents the caller has safe (`get` with give_receipt = false, or
    // sinks). Repeating it does no harm. Errors: not_found.
    Status acknowledge(const Which& which, Call call = {});
    // Tells the sender that the message was read: a sealed message that the broker cannot tell from
    // others. Errors: bad_argument when the sender did not ask for it and `always` is false.
    Result<SendOutcome> give_read_receipt(const Which& which, bool always = false, Call call = {});
    // Deletes for good, item by item: nothing means done. Own copies and received mail alike.
    Result<std::vector<std::optional<Error>>> delete_for_good(const std::vector<std::uint64_t>& seqs, Call call = {});

    // --- what changes --------------------------------------------------------------------------------------

    // The change feed after a position kept by the caller.
    Result<ChangePage> changes(std::uint64_t after, std::uint32_t limit = 1000, Call call = {});
    // Starts to watch: from now on changes after `after` become events (nothing: only new ones).
    // The watch survives reconnects without losing or repeating a change. At most 1,024 events
    // wait; then the feed waits for the reader.
    Status watch(std::optional<std::uint64_t> after = {}, Call call = {});
    // Readable while an event waits: for poll and select. Stays with the client.
    int event_descriptor() const;
    // The next event; nothing when none came within `timeout` (0: does not wait).
    Result<std::optional<Event>> next_event(std::chrono::milliseconds timeout);
    // Instead of next_event: called for each event from a thread of the library. An empty function
    // takes it back, after the running call has returned. The callback may call this client, but
    // not destroy it.
    void on_event(std::function<void(const Event&)> callback);

    // --- receipts ------------------------------------------------------------------------------------------

    // What became of a message this mailbox sent; statements are verified and kept.
    Result<MessageStatus> status(const MessageId& id, Call call = {});
    // All receipts kept here, newest first; `message` limits them to one.
    Result<std::vector<SavedReceipt>> receipts(const std::optional<MessageId>& message = {}) const;
    // Offline: verifies a receipt file against the keys of a broker file. Needs neither identity
    // nor network. Errors: damaged_file, invalid_signature, broker_untrusted (of another broker).
    static Result<ReceiptFacts> verify_receipt(const std::string& receipt_file, const std::string& broker_file);
    // The same with the broker file this identity pinned.
    Result<ReceiptFacts> verify_receipt(const std::string& receipt_file) const;

private:
    struct Impl;
    explicit Client(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace carepost::client
