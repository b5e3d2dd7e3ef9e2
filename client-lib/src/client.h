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

class Witness;
struct Cosigned;

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
    // Keeps a newer edition of the broker file this identity trusts; it counts from the next opening on. The one that is kept does no harm.
    // Errors: no_such_file, broker_untrusted (another root or mode, an older edition).
    Status take_broker_file(const std::string& path);
    // What a person has to know before anything else, without the network: fraud proven, an unresolved split, a stale log, a restart of the
    // broker's logs, messages the broker lost with it. Usually empty.
    std::vector<Warning> alarms() const;
    // Asks the broker how a pending enrolment stands, and completes it when it was admitted. Any
    // other call does so by itself.
    Result<EnrolOutcome> enrolment_status(Call call = {});
    // Pre-flight: everything a send would verify. Errors: bad_address, unknown_recipient,
    // certificate_invalid, no_valid_epoch is a warning (epoch 0).
    Result<CheckOutcome> check(const std::string& address, Call call = {});
    // The same, after the user has confirmed by another way that the address changed hands as its newest reset says. Errors: as
    // check; reset_unconfirmed while the reset's delay is not over; not_found when there was no reset.
    Result<CheckOutcome> accept_reset(const std::string& address, Call call = {});
    // Search by words of the name or the number. `after`: address of the last result of the page
    // before. Unverified hits: what is sent to is verified when sending.
    Result<FoundPage> find(const std::string& text, const std::string& quality = {}, const std::string& after = {},
                           std::uint32_t limit = 100, Call call = {});

    // --- members and keys ----------------------------------------------------------------------------------

    // Asks to join the mailbox of an address as one more member: makes keys and a request, shows the request's code, and waits until somebody who
    // manages the mailbox has added that code; or writes the request to a file. Repeating it goes on with the same keys and, for a week, the same
    // code. Errors: already_exists (an identity is here), bad_address, broker_untrusted, not_allowed (refused), cannot_create.
    static Result<JoinOutcome> join(Options options, const JoinInput& input, Call call = {});
    // The members of the own mailbox, in order of joining.
    Result<std::vector<MemberInfo>> members(Call call = {});
    // Adds the device that shows a code, or whose request was brought; gives it the chosen keys. Waits until the device asks, at most until the
    // deadline. Errors: not_allowed (no right to manage), bad_argument (code, address), deadline_exceeded (it never asked), too_many, expired.
    Result<AddOutcome> add_member(const AddInput& input, Call call = {});
    // Removes members, by id, the beginning of one, or name, together with a new epoch: nothing sealed from then on opens for them. Errors: not_allowed,
    // not_found, bad_argument (oneself, an ambiguous name).
    Result<std::vector<MemberInfo>> revoke_members(const std::vector<std::string>& who, const std::string& reason,
                                                   Call call = {});
    // New rights; `until`: a new end, 0 for none. Errors: as revoke_members.
    Result<MemberInfo> change_rights(const std::string& who, std::uint32_t rights, std::optional<UnixMillis> until,
                                     Call call = {});
    // What is known of the keys held here, after contact when `ask_broker`.
    Result<KeyFacts> key_facts(bool ask_broker, Call call = {});
    // A new epoch at once: whatever is sealed from then on opens with none of the present secrets. Errors: not_allowed.
    Result<KeyFacts> rotate_epochs(Call call = {});
    // Refuses a reset, named by the SHA-256 of its exact bytes. Errors: not_allowed.
    Status veto_reset(const Hash& reset, Call call = {});
    // These open the identity themselves, because they read or write its key files.
    // New signing and transport keys: joins as a new member and removes the old one. Errors: not_allowed; conflict (messages wait in the spool).
    static Result<KeyFacts> rotate_member(Options options, Call call = {});
    // A new identity key, signed by the present one. Errors: not_enrolled (identity.key is not here), not_allowed.
    static Result<KeyFacts> rotate_identity(Options options, Call call = {});
    // Everything this member is, sealed under a passphrase of its own. Errors: already_exists (the file).
    static Status backup(Options options, const BackupInput& input);
    // Puts it back into an empty home, protected by the options' unlock. Errors: already_exists (an identity is here), wrong_passphrase, damaged_file.
    static Result<Identity> restore(Options options, const BackupInput& input);
    // Makes a recovery kit: a member whose keys derive from words. Whoever holds them can read all mail that the mailbox still holds, and
    // destroyed epochs are not destroyed for it. Errors: not_allowed.
    static Result<KitOutcome> make_kit(Options options, const KitInput& input, Call call = {});
    // With a kit, makes a new member in an empty home. Errors: already_exists, bad_argument (words), wrong_passphrase, not_allowed (no such kit).
    static Result<JoinOutcome> restore_by_kit(Options options, const RecoveryInput& input, Call call = {});

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

    // --- witnessing -----------------------------------------------------------------------------------------

    // One step of a witness of the broker's directory log (directory/witness.h).
    Result<Cosigned> cosign(Witness& witness, Call call = {});

    // --- receipts ------------------------------------------------------------------------------------------

    // What became of a message this mailbox sent; statements are verified and kept.
    Result<MessageStatus> status(const MessageId& id, Call call = {});
    // Takes a message back from all who have not received it.
    Result<RecallOutcome> recall(const MessageId& id, Call call = {});
    // See receipts/export.h.
    Result<ExportOutcome> export_evidence(const std::vector<MessageId>& messages, const std::string& file, bool binary,
                                          Call call = {});
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
