/* clang-format off */
/*
 * carepost.h: CarePost's client library as a C interface, for every language that can call C.
 *
 * One client handle is one member of one mailbox. It seals and opens, sends and receives, keeps keys
 * and unfinished transfers on disk, reconnects and repeats by itself. Nothing cryptographic is left to
 * decide. carepost.hpp is the same for C++. The rules, the same for every function:
 *
 * Errors     A function that can fail returns `carepost_error *`: NULL is success. Whoever gets an error
 *            frees it with carepost_error_free. On failure output parameters are set to NULL. A NULL
 *            argument that is not said to be optional is refused with bad_argument. An error marked
 *            "any" below is one that every function with a client and a deadline can give:
 *            broker_unreachable, broker_untrusted, busy, shutting_down, deadline_exceeded, not_allowed,
 *            not_enrolled, outcome_unknown, internal, cancelled, io_failed, disk_full,
 *            certificate_invalid, fraud_proven, log_unverified.
 * Handles    Opaque, made and freed by this library. Every `..._free` accepts NULL. Handles given as
 *            `const T *` by an accessor are borrowed: they live as long as the handle they came from.
 * Strings    UTF-8, ended by a zero byte. Given to the library: copied before the call returns. Got
 *            from it: borrowed from the handle, never freed by the caller; "" for what is not there,
 *            never NULL. Subjects, names and other text written by strangers can hold any character:
 *            clean it before it reaches a terminal or a web page.
 * Units      Times are int64_t milliseconds since 1970-01-01T00:00:00Z, 0 where there is none. Sizes
 *            are bytes. Ids are 32 lower-case hexadecimal digits.
 * Deadlines  uint32_t milliseconds for the whole call; 0 is the default of the options (30,000). For
 *            calls that move content (send, get) it is the longest time without any progress.
 * Threads    A client may be used by any number of threads at once. Every other handle belongs to one
 *            thread at a time. Callbacks are called from the thread of the call they were given to,
 *            except the event callback, which is called from a thread of the library.
 * Versions   Functions are added, never changed, and no structure is ever exchanged: see
 *            carepost_version_check.
 */
/* clang-format on */
#ifndef CAREPOST_CAREPOST_H
#define CAREPOST_CAREPOST_H

#include "carepost/errors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Options --- */

/* How to open an identity. Everything has a default; freeing wipes the secrets. */
typedef struct carepost_options carepost_options;

/* New options with all defaults; NULL when there is no memory. */
CAREPOST_API carepost_options* carepost_options_new(void);
CAREPOST_API void carepost_options_free(carepost_options* options);
/* Where everything of one identity lives: DIRECTORY/config (keys, pinned broker file) and
 * DIRECTORY/data (spool, unfinished downloads, receipts), made with mode 0700 by enrolment.
 * Default: $XDG_CONFIG_HOME/carepost and $XDG_DATA_HOME/carepost, else
 * ~/.config/carepost and ~/.local/share/carepost. */
CAREPOST_FALLIBLE carepost_options_set_home(carepost_options* options, const char* directory);
/* How the key files are unlocked: by a passphrase, by an unlock key, or, if neither is set, by the file
 * DIRECTORY/config/unlock.key (mode 0600), which enrolment then makes: whoever can read your files can be you.
 */
/* The passphrase of the key file, as bytes without a final newline. Only for a key file that a
 * person protects: opening it takes about a second and 256 MiB. Errors: bad_argument (empty, or
 * above 1,024 bytes). */
CAREPOST_FALLIBLE carepost_options_set_passphrase(carepost_options* options, const void* passphrase, size_t size);
/* The 32-byte key that unlocks the key file of a service, instead. Errors: bad_argument. */
CAREPOST_FALLIBLE carepost_options_set_unlock_key(carepost_options* options, const void* key, size_t size);
/* The default deadline of calls, 1 to 3,600,000 ms. Errors: bad_argument. */
CAREPOST_FALLIBLE carepost_options_set_deadline(carepost_options* options, uint32_t deadline_ms);
/* 1: accept a broker that is marked as a sandbox; 0 (default): enrolment refuses it with
 * broker_untrusted. Never set it where real patients' data is sent. An identity never changes from
 * one kind to the other. */
CAREPOST_FALLIBLE carepost_options_set_allow_sandbox(carepost_options* options, int allow);
/* Name and version of the program, for the broker's log, e.g. "MediFlow 4.2". At most 100 bytes. */
CAREPOST_FALLIBLE carepost_options_set_software(carepost_options* options, const char* name_and_version);

/* A witness: somebody who follows the broker's directory log and cosigns it. `key` is the text it prints
 * ("name+hash+base64", C2SP verifier key of type 4). Errors: bad_argument. */
CAREPOST_FALLIBLE carepost_options_add_witness(carepost_options* options, const char* key);
/* Nothing is sealed unless so many of the witnesses have cosigned all of the directory that it relies upon, within a
 * day; otherwise sending fails with not_witnessed. 0 (default): none. Errors when opening: bad_argument (more than there are). */
CAREPOST_FALLIBLE carepost_options_require_witnesses(carepost_options* options, uint32_t required);

/* --- Enrolment --- */

/* broker.carepost: the signed file by which a client comes to trust one broker. It comes with the invitation or the
 * installation, never over the network. */
typedef struct carepost_broker carepost_broker;
/* Reads a broker file and verifies that it holds together. Errors: no_such_file, unreadable, damaged_file,
 * certificate_invalid. */
CAREPOST_FALLIBLE carepost_broker_read(const char* path, carepost_broker** broker);
CAREPOST_API const char* carepost_broker_name(const carepost_broker* broker);
CAREPOST_API const char* carepost_broker_endpoint(const carepost_broker* broker);
/* Whether it is the right broker only people can tell: by comparing this with what its administrator says. */
CAREPOST_API const char* carepost_broker_fingerprint(const carepost_broker* broker);
CAREPOST_API int carepost_broker_is_sandbox(const carepost_broker* broker);
CAREPOST_API void carepost_broker_free(carepost_broker* broker);

/* How a new identity stands. */
typedef struct carepost_enrolment carepost_enrolment;

enum carepost_enrolment_state {
    CAREPOST_ENROLMENT_PENDING = 1,  /* the registrar has not decided yet */
    CAREPOST_ENROLMENT_ADMITTED = 2, /* the mailbox is live */
    CAREPOST_ENROLMENT_REFUSED = 3   /* see carepost_enrolment_reason */
};

/* Enrols with an invitation code: makes keys in the home of `options` (protected by its passphrase
 * or unlock key), pins the broker file (broker.carepost, which came with the invitation, never over
 * the network), authenticates the request with the code (which is never sent) and waits for the
 * answer until the deadline. Repeating it after any error is safe: the keys made first are used
 * again. `address` and `name` (as shown to people) may be NULL where the code names them. The
 * outcome may be pending: then the mailbox goes live by itself once the registrar has decided.
 * Errors: any, no_such_file, damaged_file, invalid_signature, bad_address, bad_argument (the code),
 * expired, already_exists, unsafe_key_file, cannot_create. */
CAREPOST_FALLIBLE carepost_enrol_with_invitation(const carepost_options* options, const char* broker_file,
                                                 const char* code, const char* address, const char* name,
                                                 uint32_t deadline_ms, carepost_enrolment** enrolment);

/* Enrols without a network: makes keys and pins the broker file likewise, and writes a signed
 * request to `request_file` (made whole or not at all, never overwritten) for the registrar. Once
 * the registrar has admitted it, carepost_open and all else work. Errors: no_such_file,
 * damaged_file, invalid_signature, bad_address, already_exists, unsafe_key_file, cannot_create,
 * io_failed, disk_full. */
CAREPOST_FALLIBLE carepost_enrol_by_request(const carepost_options* options, const char* broker_file,
                                            const char* address, const char* name, const char* request_file,
                                            carepost_enrolment** enrolment);

/* One of carepost_enrolment_state. */
CAREPOST_API int carepost_enrolment_state(const carepost_enrolment* enrolment);
/* Why the registrar refused; "" otherwise. */
CAREPOST_API const char* carepost_enrolment_reason(const carepost_enrolment* enrolment);
CAREPOST_API const char* carepost_enrolment_address(const carepost_enrolment* enrolment);
/* Ids are 32 lower-case hexadecimal digits. */
CAREPOST_API const char* carepost_enrolment_mailbox(const carepost_enrolment* enrolment);
/* Of the exact request: 26 characters for two people to compare. */
CAREPOST_API const char* carepost_enrolment_fingerprint(const carepost_enrolment* enrolment);
/* The request file that was written; "" after an invitation. */
CAREPOST_API const char* carepost_enrolment_request_file(const carepost_enrolment* enrolment);
CAREPOST_API const char* carepost_enrolment_broker_name(const carepost_enrolment* enrolment);
CAREPOST_API const char* carepost_enrolment_broker_fingerprint(const carepost_enrolment* enrolment);
CAREPOST_API void carepost_enrolment_free(carepost_enrolment* enrolment);

/* --- Client --- */

/* One open identity with its connection. Thread-safe. */
typedef struct carepost_client carepost_client;

/* Opens the identity in the home of `options`: takes its lock, checks and unlocks its keys, starts
 * the library's thread. Does not wait for the network; the connection is made, and made again, as
 * calls need it. `options` may be freed afterwards. Errors: not_enrolled, identity_in_use,
 * unsafe_key_file, wrong_passphrase, damaged_file, io_failed, disk_full. */
CAREPOST_FALLIBLE carepost_open(const carepost_options* options, carepost_client** client);
/* Makes every call in progress and every later one return `cancelled`, soon. What is half done
 * stays on disk and goes on next time. Thread-safe; not for signal handlers. */
CAREPOST_API void carepost_cancel(carepost_client* client);
/* Cancels, waits for the library's thread, releases the lock and wipes the keys. No other call may
 * be using the client any more when it returns; handles made by the client stay usable. */
CAREPOST_API void carepost_close(carepost_client* client);

/* Who this client is. */
typedef struct carepost_identity carepost_identity;

/* Who we are, from the local files; with `ask_broker` = 1 the broker is asked first, so that the
 * connection is proven and a pending enrolment is completed. Errors: any (with ask_broker),
 * damaged_file. */
CAREPOST_FALLIBLE carepost_whoami(carepost_client* client, int ask_broker, uint32_t deadline_ms,
                                  carepost_identity** identity);
CAREPOST_API const char* carepost_identity_address(const carepost_identity* identity);
CAREPOST_API const char* carepost_identity_name(const carepost_identity* identity);
CAREPOST_API const char* carepost_identity_mailbox(const carepost_identity* identity);
CAREPOST_API const char* carepost_identity_member(const carepost_identity* identity);
/* The public identity key (Ed25519), 64 hexadecimal digits. */
CAREPOST_API const char* carepost_identity_key(const carepost_identity* identity);
/* One of carepost_enrolment_state. */
CAREPOST_API int carepost_identity_state(const carepost_identity* identity);
/* 1: this identity belongs to a sandbox. */
CAREPOST_API int carepost_identity_is_sandbox(const carepost_identity* identity);
/* Until when the certificate is valid (0 while pending), and until when others can seal to this
 * mailbox without hearing from it. */
CAREPOST_API int64_t carepost_identity_certificate_until(const carepost_identity* identity);
CAREPOST_API int64_t carepost_identity_keys_until(const carepost_identity* identity);
CAREPOST_API const char* carepost_identity_broker_name(const carepost_identity* identity);
CAREPOST_API const char* carepost_identity_broker_endpoint(const carepost_identity* identity);
/* The folders it lives in. */
CAREPOST_API const char* carepost_identity_config_directory(const carepost_identity* identity);
CAREPOST_API const char* carepost_identity_data_directory(const carepost_identity* identity);
CAREPOST_API void carepost_identity_free(carepost_identity* identity);

/* Keeps a newer edition of the broker file, for an identity that is enrolled; used from the next opening on. Editions that the broker
 * itself brings are taken without it. Errors: no_such_file, broker_untrusted (another root, or an older edition). */
CAREPOST_FALLIBLE carepost_take_broker_file(carepost_client* client, const char* broker_file);
/* What a person has to know before anything else: fraud proven, an unresolved split, a stale log, a restart of the broker's logs,
 * messages the broker lost with it. Usually none. From what is kept here, without the network. Show them. */
typedef struct carepost_alarms carepost_alarms;
CAREPOST_FALLIBLE carepost_alarms_get(carepost_client* client, carepost_alarms** alarms);
CAREPOST_API size_t carepost_alarms_count(const carepost_alarms* alarms);
/* One of carepost_code; 0 out of range. */
CAREPOST_API int carepost_alarms_code(const carepost_alarms* alarms, size_t index);
CAREPOST_API const char* carepost_alarms_text(const carepost_alarms* alarms, size_t index);
CAREPOST_API void carepost_alarms_free(carepost_alarms* alarms);

/* --- Directory --- */

/* One mailbox in the directory. */
typedef struct carepost_entry carepost_entry;
/* Entries found by a search, in the order of their addresses. */
typedef struct carepost_entries carepost_entries;

/* Looks one address up and verifies everything that a send would verify: certificate, chain, log
 * proofs, keys. What does not prevent a send now but will, and a mailbox without a key that is
 * valid now (epoch 0), is told as a warning. Errors: any, bad_address, unknown_recipient,
 * certificate_invalid. */
CAREPOST_FALLIBLE carepost_check(carepost_client* client, const char* address, uint32_t deadline_ms,
                                 carepost_entry** entry);
/* carepost_check for an address that changed hands: two registrars replaced its owner's keys. Call it only
 * after the user has confirmed by another way, e.g. by telephone, that this is true; until then nothing is
 * sent to the address (reset_unconfirmed). Errors: as carepost_check; reset_unconfirmed while the reset's
 * delay is not over; not_found when there was no reset. */
CAREPOST_FALLIBLE carepost_accept_reset(carepost_client* client, const char* address, uint32_t deadline_ms,
                                        carepost_entry** entry);
/* Searches names (each word of `text` begins a word of the name) and numbers. `quality` (e.g.
 * "DOCTOR") and `after` (the address of the last entry of the previous page) may be NULL. `limit`
 * is 1 to 1,000. What comes back is not verified: carepost_check before relying on it. Nothing
 * found is an empty list, not an error. Errors: any, bad_argument. */
CAREPOST_FALLIBLE carepost_find(carepost_client* client, const char* text, const char* quality, const char* after,
                                uint32_t limit, uint32_t deadline_ms, carepost_entries** entries);

CAREPOST_API const char* carepost_entry_address(const carepost_entry* entry);
CAREPOST_API const char* carepost_entry_name(const carepost_entry* entry);
CAREPOST_API const char* carepost_entry_mailbox(const carepost_entry* entry);
/* All that follows is 0 in the results of a search. */
CAREPOST_API int64_t carepost_entry_certificate_until(const carepost_entry* entry);
/* The number of the key to which would be sealed now (0: none is valid); until when there are keys,
 * if the owner stays away. */
CAREPOST_API uint32_t carepost_entry_epoch(const carepost_entry* entry);
CAREPOST_API int64_t carepost_entry_keys_until(const carepost_entry* entry);
CAREPOST_API int carepost_entry_is_sandbox(const carepost_entry* entry);
/* The largest message the broker takes, in bytes of content. */
CAREPOST_API uint64_t carepost_entry_message_limit(const carepost_entry* entry);
/* The size of the directory log against which this was verified. */
CAREPOST_API uint64_t carepost_entry_log_size(const carepost_entry* entry);
/* Sentences for people. Here and below: "" if `index` is not below the count. */
CAREPOST_API size_t carepost_entry_warning_count(const carepost_entry* entry);
CAREPOST_API const char* carepost_entry_warning(const carepost_entry* entry, size_t index);
CAREPOST_API void carepost_entry_free(carepost_entry* entry);

CAREPOST_API size_t carepost_entries_count(const carepost_entries* entries);
/* Borrowed; NULL if `index` is not below the count. */
CAREPOST_API const carepost_entry* carepost_entries_at(const carepost_entries* entries, size_t index);
/* 1: there are more after the last one. */
CAREPOST_API int carepost_entries_more(const carepost_entries* entries);
CAREPOST_API void carepost_entries_free(carepost_entries* entries);

/* Checks an address without any network: syntax, check digits, quality. `*canonical` is a new
 * handle whose carepost_entry_address is the canonical text. Errors: bad_address, naming what is
 * wrong. */
CAREPOST_FALLIBLE carepost_address_parse(const char* address, carepost_entry** canonical);

/* --- Sending --- */

/* Gives the next bytes of a content. Returns how many were written to `buffer` (1 to `size`), 0 at
 * the end, a negative number on failure (the send then gives io_failed). */
typedef int64_t (*carepost_read_fn)(void* user, void* buffer, size_t size);

/* What a progress callback is being told about. */
enum carepost_phase {
    CAREPOST_PHASE_SEALING = 1, /* reading and sealing into the spool */
    CAREPOST_PHASE_SENDING = 2, /* bringing it to the broker */
    CAREPOST_PHASE_FETCHING = 3 /* bringing it from the broker */
};
/* Told now and then, never more than about 20 times a second: bytes done of `total` (0: not known).
 * Return 0 to go on; anything else stops the call with `cancelled`. */
typedef int (*carepost_progress_fn)(void* user, int phase, uint64_t done, uint64_t total);

/* A message to be sent. Setters copy what they are given, and replace what was set before; `add`
 * functions add. They refuse what no broker would take: bad_argument, bad_address, too_large,
 * too_many. */
typedef struct carepost_draft carepost_draft;

/* A new draft with a new random message id; NULL when there is no memory or no randomness. */
CAREPOST_API carepost_draft* carepost_draft_new(void);
CAREPOST_API void carepost_draft_free(carepost_draft* draft);
/* The message id, 32 hexadecimal digits. Keep it before sending: sending again under it is always
 * safe. */
CAREPOST_API const char* carepost_draft_id(const carepost_draft* draft);
/* An id of the caller's own, 32 hexadecimal digits; unpredictable, please. */
CAREPOST_FALLIBLE carepost_draft_set_id(carepost_draft* draft, const char* id);
/* At least one is needed. A repeated address counts once. */
CAREPOST_FALLIBLE carepost_draft_add_recipient(carepost_draft* draft, const char* address);
/* At most 400 characters. */
CAREPOST_FALLIBLE carepost_draft_set_subject(carepost_draft* draft, const char* subject);
/* What it is, e.g. "lab-result", and its format, e.g. "fhir-r4". */
CAREPOST_FALLIBLE carepost_draft_set_type(carepost_draft* draft, const char* type);
CAREPOST_FALLIBLE carepost_draft_set_format(carepost_draft* draft, const char* format);
/* Whom it is about: a reference both sides understand. Sealed, like everything here. */
CAREPOST_FALLIBLE carepost_draft_set_patient(carepost_draft* draft, const char* patient);
/* Ids, 32 hexadecimal digits: the conversation it belongs to, the message it answers, the message
 * it supersedes. */
CAREPOST_FALLIBLE carepost_draft_set_conversation(carepost_draft* draft, const char* id);
CAREPOST_FALLIBLE carepost_draft_set_reply_to(carepost_draft* draft, const char* id);
CAREPOST_FALLIBLE carepost_draft_set_replaces(carepost_draft* draft, const char* id);
CAREPOST_FALLIBLE carepost_draft_add_metadata(carepost_draft* draft, const char* key, const char* value);
/* 1: marked as important. */
CAREPOST_FALLIBLE carepost_draft_set_important(carepost_draft* draft, int important);
/* 1: recipients are asked for a `read` receipt. */
CAREPOST_FALLIBLE carepost_draft_set_read_receipt(carepost_draft* draft, int wanted);
/* When the broker may forget it. Default: as long as the broker keeps messages. */
CAREPOST_FALLIBLE carepost_draft_set_expires(carepost_draft* draft, int64_t time_ms);

/* The document itself: exactly one of the three. From a file: opened and read during the send; its
 * name goes along, without the folder. `media_type` may be NULL: then it is guessed from the name.
 */
CAREPOST_FALLIBLE carepost_draft_set_body_file(carepost_draft* draft, const char* path, const char* media_type);
/* From memory, copied. `name` and `media_type` may be NULL. */
CAREPOST_FALLIBLE carepost_draft_set_body_memory(carepost_draft* draft, const char* name, const char* media_type,
                                                 const void* data, size_t size);
/* From a callback, called during the send until it says the end; any length, in constant memory. */
CAREPOST_FALLIBLE carepost_draft_set_body_reader(carepost_draft* draft, const char* name, const char* media_type,
                                                 carepost_read_fn read, void* user);
/* Attachments, up to 100, in the same three ways. */
CAREPOST_FALLIBLE carepost_draft_attach_file(carepost_draft* draft, const char* path, const char* media_type);
CAREPOST_FALLIBLE carepost_draft_attach_memory(carepost_draft* draft, const char* name, const char* media_type,
                                               const void* data, size_t size);
CAREPOST_FALLIBLE carepost_draft_attach_reader(carepost_draft* draft, const char* name, const char* media_type,
                                               carepost_read_fn read, void* user);
/* Told about the send's progress, from the thread that called carepost_send. `progress` may be
 * NULL: nobody is told. */
CAREPOST_FALLIBLE carepost_draft_set_progress(carepost_draft* draft, carepost_progress_fn progress, void* user);

/* What became of a send. */
typedef struct carepost_sent carepost_sent;

/* Sends: verifies every recipient, seals into the spool, brings what the broker lacks, and returns
 * when the broker has stored it durably and the receipt is verified and saved. Repeating it with
 * the same draft, or another process repeating it with the same id and content, continues or gives
 * the first receipt: nothing is stored twice. After `outcome_unknown` repeat it. Errors: any,
 * bad_argument (no recipient or no body), bad_address, unknown_recipient, certificate_invalid,
 * no_valid_epoch, no_such_file, unreadable, file_changed, too_large, too_many, conflict,
 * quota_exceeded, storage_failed, expired. */
CAREPOST_FALLIBLE carepost_send(carepost_client* client, carepost_draft* draft, uint32_t deadline_ms,
                                carepost_sent** sent);
CAREPOST_API const char* carepost_sent_id(const carepost_sent* sent);
/* How many mailboxes received it, the sender's own copy not counted. */
CAREPOST_API size_t carepost_sent_recipients(const carepost_sent* sent);
/* Bytes of document and attachments together. */
CAREPOST_API uint64_t carepost_sent_size(const carepost_sent* sent);
/* When the broker stored it. */
CAREPOST_API int64_t carepost_sent_stored_at(const carepost_sent* sent);
/* 1: it had been stored before, and this is the first receipt. */
CAREPOST_API int carepost_sent_was_repeated(const carepost_sent* sent);
/* Where the broker's verified receipt was saved; carepost_receipt_verify reads it. */
CAREPOST_API const char* carepost_sent_receipt_file(const carepost_sent* sent);
CAREPOST_API size_t carepost_sent_warning_count(const carepost_sent* sent);
CAREPOST_API const char* carepost_sent_warning(const carepost_sent* sent, size_t index);
CAREPOST_API void carepost_sent_free(carepost_sent* sent);

/* --- Receiving --- */

/* One message, its header opened and verified; its contents still at the broker. */
typedef struct carepost_message carepost_message;
/* One page of messages, oldest first. */
typedef struct carepost_messages carepost_messages;

enum carepost_folder {
    CAREPOST_FOLDER_INBOX = 1, /* received from others */
    CAREPOST_FOLDER_SENT = 2,  /* our own copies of what we sent */
    CAREPOST_FOLDER_BOTH = 3
};

/* Lists a folder (one of carepost_folder) after the message numbered `after` (0: from the start),
 * at most `limit` (1 to 1,000) messages. The cursor is stable: nothing is skipped or seen twice,
 * whatever is deleted meanwhile. A message that cannot be opened is in the list with
 * carepost_message_error set, and breaks nothing. Errors: any, bad_argument. */
CAREPOST_FALLIBLE carepost_list(carepost_client* client, int folder, uint64_t after, uint32_t limit,
                                uint32_t deadline_ms, carepost_messages** messages);
CAREPOST_API size_t carepost_messages_count(const carepost_messages* messages);
/* Borrowed; NULL if `index` is not below the count. */
CAREPOST_API const carepost_message* carepost_messages_at(const carepost_messages* messages, size_t index);
/* What to give as `after` for the next page. */
CAREPOST_API uint64_t carepost_messages_cursor(const carepost_messages* messages);
/* 1: there are more pages. */
CAREPOST_API int carepost_messages_more(const carepost_messages* messages);
CAREPOST_API void carepost_messages_free(carepost_messages* messages);

/* One message by its id, or by the first digits of it (at least 4) if no other message of the
 * mailbox, received or sent, begins so. Errors: any, bad_argument (not hexadecimal, too short,
 * ambiguous), not_found. */
CAREPOST_FALLIBLE carepost_message_get(carepost_client* client, const char* id, uint32_t deadline_ms,
                                       carepost_message** message);
CAREPOST_API void carepost_message_free(carepost_message* message);

/* Why it cannot be opened, borrowed; NULL if it is whole. With an error, only id, number and
 * stored_at mean something. */
CAREPOST_API const carepost_error* carepost_message_error(const carepost_message* message);
CAREPOST_API const char* carepost_message_id(const carepost_message* message);
/* Its number in this mailbox: rises, never reused. */
CAREPOST_API uint64_t carepost_message_number(const carepost_message* message);
/* CAREPOST_FOLDER_INBOX or CAREPOST_FOLDER_SENT. */
CAREPOST_API int carepost_message_folder(const carepost_message* message);
/* 1: a `received` receipt was given. */
CAREPOST_API int carepost_message_is_received(const carepost_message* message);
CAREPOST_API int carepost_message_is_important(const carepost_message* message);
/* By the sender's clock; by the broker's clock; when it expires. */
CAREPOST_API int64_t carepost_message_created_at(const carepost_message* message);
CAREPOST_API int64_t carepost_message_stored_at(const carepost_message* message);
CAREPOST_API int64_t carepost_message_expires_at(const carepost_message* message);
/* The sender as its certificate says, verified; and its mailbox. */
CAREPOST_API const char* carepost_message_sender(const carepost_message* message);
CAREPOST_API const char* carepost_message_sender_name(const carepost_message* message);
CAREPOST_API const char* carepost_message_sender_mailbox(const carepost_message* message);
/* To whom the sender addressed it. */
CAREPOST_API size_t carepost_message_addressee_count(const carepost_message* message);
CAREPOST_API const char* carepost_message_addressee(const carepost_message* message, size_t index);
CAREPOST_API const char* carepost_message_addressee_name(const carepost_message* message, size_t index);
CAREPOST_API const char* carepost_message_subject(const carepost_message* message);
CAREPOST_API const char* carepost_message_type(const carepost_message* message);
CAREPOST_API const char* carepost_message_format(const carepost_message* message);
CAREPOST_API const char* carepost_message_patient(const carepost_message* message);
CAREPOST_API const char* carepost_message_conversation(const carepost_message* message);
CAREPOST_API const char* carepost_message_reply_to(const carepost_message* message);
CAREPOST_API const char* carepost_message_replaces(const carepost_message* message);
CAREPOST_API size_t carepost_message_metadata_count(const carepost_message* message);
CAREPOST_API const char* carepost_message_metadata_key(const carepost_message* message, size_t index);
CAREPOST_API const char* carepost_message_metadata_value(const carepost_message* message, size_t index);
/* Gaps, repeats and the like: sentences for people, never fatal. */
CAREPOST_API size_t carepost_message_warning_count(const carepost_message* message);
CAREPOST_API const char* carepost_message_warning(const carepost_message* message, size_t index);
/* Contents: 0 is the document, then the attachments. Names are safe as file names, and "body" or
 * "attachment-N" where the sender gave none. */
CAREPOST_API size_t carepost_message_content_count(const carepost_message* message);
CAREPOST_API const char* carepost_message_content_name(const carepost_message* message, size_t index);
CAREPOST_API const char* carepost_message_content_media_type(const carepost_message* message, size_t index);
CAREPOST_API uint64_t carepost_message_content_size(const carepost_message* message, size_t index);

/* Takes the next verified bytes of a content, in order. Returns 0 to go on; anything else stops
 * with io_failed. */
typedef int (*carepost_write_fn)(void* user, const void* data, size_t size);

/* The files a fetch has made. */
typedef struct carepost_files carepost_files;

/* Fetches all contents into `directory` (which must exist); none overwrites a file: a second
 * "scan.pdf" becomes "scan (2).pdf". A file appears under its name only when it is whole and
 * verified; an interrupted fetch goes on where it stopped. With `acknowledge` = 1 sender and broker
 * are then told, as by carepost_acknowledge. `progress` may be NULL. Errors: any, not_found,
 * cannot_create, cannot_open. */
CAREPOST_FALLIBLE carepost_get_to_directory(carepost_client* client, const carepost_message* message,
                                            const char* directory, int acknowledge, carepost_progress_fn progress,
                                            void* user, uint32_t deadline_ms, carepost_files** files);
CAREPOST_API size_t carepost_files_count(const carepost_files* files);
/* The path of the file made for content `index`: the directory, a slash, the name. */
CAREPOST_API const char* carepost_files_path(const carepost_files* files, size_t index);
CAREPOST_API void carepost_files_free(carepost_files* files);

/* Fetches one content into a file. `overwrite` = 0: an existing file is refused with cannot_create;
 * 1: it is replaced, at once and only by the whole new one. Tells nobody. Otherwise as above. */
CAREPOST_FALLIBLE carepost_get_to_file(carepost_client* client, const carepost_message* message, size_t content,
                                       const char* path, int overwrite, carepost_progress_fn progress, void* user,
                                       uint32_t deadline_ms);
/* Fetches one content through a callback. Each piece is verified before it is handed out, but the
 * content is whole only when this returns success: until then what was taken must not be used.
 * Tells nobody. */
CAREPOST_FALLIBLE carepost_get_to_writer(carepost_client* client, const carepost_message* message, size_t content,
                                         carepost_write_fn write, void* user, carepost_progress_fn progress,
                                         void* progress_user, uint32_t deadline_ms);
/* Tells broker and sender that the message was received: a signed `received` receipt. Call it when
 * the contents are safe in your own system. Repeating it does no harm. Errors: any, not_found. */
CAREPOST_FALLIBLE carepost_acknowledge(carepost_client* client, const carepost_message* message, uint32_t deadline_ms);
/* Deletes a message from this mailbox for good, whether received or a copy of what was sent;
 * receipts stay. Errors: any, not_found. */
CAREPOST_FALLIBLE carepost_delete(carepost_client* client, const carepost_message* message, uint32_t deadline_ms);

/* --- What became of a message
 * ------------------------------------------------------------------------------------- */

/* The state of a sent message at each recipient. */
typedef struct carepost_status carepost_status;
enum carepost_recipient_state {
    CAREPOST_RECIPIENT_WAITING = 1,  /* stored for the recipient, not collected yet */
    CAREPOST_RECIPIENT_RECEIVED = 2, /* the recipient has signed for having received it */
    CAREPOST_RECIPIENT_DELETED = 3,  /* deleted without having been received */
    CAREPOST_RECIPIENT_READ = 4,     /* the recipient has signed for having read it */
    CAREPOST_RECIPIENT_STAND_BY = 5, /* waits for room in the recipient's full mailbox */
    CAREPOST_RECIPIENT_EXPIRED = 6,  /* removed unreceived when it expired */
    CAREPOST_RECIPIENT_RECALLED = 7, /* taken back by its sender */
    CAREPOST_RECIPIENT_REFUSED = 8   /* the broker refused the submission; the address is the reason */
};

/* Asks for the receipts of a message this mailbox sent, verifies and saves them. `id` is a whole
 * id, or its first digits as in carepost_message_get. Errors: any, bad_argument, not_found,
 * invalid_signature. */
CAREPOST_FALLIBLE carepost_status_get(carepost_client* client, const char* id, uint32_t deadline_ms,
                                      carepost_status** status);
CAREPOST_API const char* carepost_status_id(const carepost_status* status);
CAREPOST_API int64_t carepost_status_stored_at(const carepost_status* status);
CAREPOST_API size_t carepost_status_count(const carepost_status* status);
CAREPOST_API const char* carepost_status_address(const carepost_status* status, size_t index);
CAREPOST_API const char* carepost_status_name(const carepost_status* status, size_t index);
CAREPOST_API const char* carepost_status_mailbox(const carepost_status* status, size_t index);
/* One of carepost_recipient_state; 0 if `index` is not below the count. */
CAREPOST_API int carepost_status_state(const carepost_status* status, size_t index);
/* By the recipient's clock, verified; 0 where there is no such statement. */
CAREPOST_API int64_t carepost_status_received_at(const carepost_status* status, size_t index);
CAREPOST_API int64_t carepost_status_read_at(const carepost_status* status, size_t index);
/* When the broker handed it over, by the broker's evidence, verified; 0 where there is none. */
CAREPOST_API int64_t carepost_status_handed_over_at(const carepost_status* status, size_t index);
/* The newest of the broker's statements about this recipient (placed, handed over, expired ...), verified: when,
 * and its number in the broker's evidence log. 0 where there is none. */
CAREPOST_API int64_t carepost_status_stated_at(const carepost_status* status, size_t index);
CAREPOST_API uint64_t carepost_status_log_index(const carepost_status* status, size_t index);
/* A statement of this recipient that does not verify, borrowed; else NULL. */
CAREPOST_API const carepost_error* carepost_status_error(const carepost_status* status, size_t index);
CAREPOST_API size_t carepost_status_warning_count(const carepost_status* status);
CAREPOST_API const char* carepost_status_warning(const carepost_status* status, size_t index);
CAREPOST_API void carepost_status_free(carepost_status* status);

/* Takes a message back from all recipients who have not received it: it disappears from their mailboxes, and
 * each of them, the sender and whoever judges later can see that. No guarantee that nobody saw it before. `id`
 * as for carepost_status_get. `*recalled` (may be NULL): from how many mailboxes. Errors: any, bad_argument,
 * not_found. */
CAREPOST_FALLIBLE carepost_recall(carepost_client* client, const char* id, uint32_t deadline_ms, uint32_t* recalled);

/* Writes the evidence of `count` sent messages (ids as for carepost_status_get; count 0: of all whose sent copy is
 * there) to one new file that a third party can judge offline with the broker's public keys: carepostctl
 * evidence verify. `binary` 0: as text, which survives mail; 1: smaller. `*items` and `*bytes` (may be NULL)
 * tell what was written. Errors: any, bad_argument, cannot_create, not_found, invalid_signature. */
CAREPOST_FALLIBLE carepost_evidence_export(carepost_client* client, const char* const* ids, size_t count,
                                           const char* path, int binary, uint32_t deadline_ms, uint64_t* items,
                                           uint64_t* bytes);

/* --- Receipts --- */

enum carepost_receipt_kind {
    CAREPOST_RECEIPT_STORED = 1,      /* the broker: accepted and stored durably */
    CAREPOST_RECEIPT_HANDED_OVER = 2, /* the broker: handed over to a recipient */
    CAREPOST_RECEIPT_RECEIVED = 3,    /* the recipient: received */
    CAREPOST_RECEIPT_READ = 4,        /* the recipient: read */
    CAREPOST_RECEIPT_REFUSED = 5,     /* the broker: submission refused */
    CAREPOST_RECEIPT_PLACED = 6,      /* the broker, as all that follow: placed in mailboxes */
    CAREPOST_RECEIPT_STAND_BY = 7,
    CAREPOST_RECEIPT_EXPIRED = 8,
    CAREPOST_RECEIPT_RECALLED = 9,
    CAREPOST_RECEIPT_DELETED = 10
};

/* What one receipt states. */
typedef struct carepost_receipt carepost_receipt;
/* The receipts kept here, newest first. */
typedef struct carepost_receipts carepost_receipts;

/* The receipts this client has saved, without the network; carepost_status_get brings newer ones.
 * `id` is a whole message id, or NULL for all. None is an empty list. Errors: bad_argument,
 * io_failed, damaged_file. */
CAREPOST_FALLIBLE carepost_receipts_list(carepost_client* client, const char* id, carepost_receipts** receipts);
CAREPOST_API size_t carepost_receipts_count(const carepost_receipts* receipts);
/* Borrowed; NULL if `index` is not below the count. */
CAREPOST_API const carepost_receipt* carepost_receipts_at(const carepost_receipts* receipts, size_t index);
CAREPOST_API void carepost_receipts_free(carepost_receipts* receipts);

/* Verifies one receipt file offline: signatures and log proofs, against a broker file.
 * `broker_file` may be NULL: then the one pinned in the home of `options` is used. Needs no key and
 * takes no lock; a third party can do it. To hand a receipt on, copy its file. Errors:
 * no_such_file, unreadable, damaged_file, invalid_signature, log_unverified, broker_untrusted (of
 * another broker), not_enrolled (no broker file given or pinned). */
CAREPOST_FALLIBLE carepost_receipt_verify(const carepost_options* options, const char* broker_file, const char* path,
                                          carepost_receipt** receipt);

/* One of carepost_receipt_kind. */
CAREPOST_API int carepost_receipt_kind(const carepost_receipt* receipt);
CAREPOST_API const char* carepost_receipt_message_id(const carepost_receipt* receipt);
/* By the clock of whoever signed it. */
CAREPOST_API int64_t carepost_receipt_time(const carepost_receipt* receipt);
/* The recipient it concerns; "" for `stored`. */
CAREPOST_API const char* carepost_receipt_mailbox(const carepost_receipt* receipt);
/* The file it was read from. */
CAREPOST_API const char* carepost_receipt_file(const carepost_receipt* receipt);
/* 1: came from carepost_receipt_verify. All that follows is "" or 0 otherwise, and for a
 * recipient's own receipts as far as they do not state it. */
CAREPOST_API int carepost_receipt_is_verified(const carepost_receipt* receipt);
/* SHA-256 of the routing, 64 hexadecimal digits: it stands for addressees, header and content. */
CAREPOST_API const char* carepost_receipt_routing_hash(const carepost_receipt* receipt);
CAREPOST_API const char* carepost_receipt_sender_mailbox(const carepost_receipt* receipt);
/* How many mailboxes, and bytes as sealed. */
CAREPOST_API uint32_t carepost_receipt_recipients(const carepost_receipt* receipt);
CAREPOST_API uint64_t carepost_receipt_size(const carepost_receipt* receipt);
/* The evidence log it is in, its place there, and the size of the log whose head was signed. */
CAREPOST_API const char* carepost_receipt_log_origin(const carepost_receipt* receipt);
CAREPOST_API uint64_t carepost_receipt_log_index(const carepost_receipt* receipt);
CAREPOST_API uint64_t carepost_receipt_log_size(const carepost_receipt* receipt);
CAREPOST_API void carepost_receipt_free(carepost_receipt* receipt);

/* --- Events: what is new
 * ------------------------------------------------------------------------------------------ */

enum carepost_event_kind {
    CAREPOST_EVENT_ARRIVED = 1, /* a message came in */
    CAREPOST_EVENT_RECEIPT = 2, /* a receipt for a message this mailbox sent */
    CAREPOST_EVENT_DELETED = 3, /* a message was deleted, here or by another member */
    CAREPOST_EVENT_CONNECTED = 4,
    CAREPOST_EVENT_DISCONNECTED = 5 /* being repaired; events go on from where they were */
};
typedef struct carepost_event carepost_event;

/* From now on events of the mailbox are gathered, beginning after the change numbered `after`: keep
 * the number of the last event you dealt with and give it again after a restart, so that each event
 * is seen at least once. 0 is from the very beginning. UINT64_MAX is from now on. Reconnects by
 * itself for ever. Take the events in one of three ways: carepost_next_event; carepost_event_fd
 * with carepost_next_event; carepost_set_event_callback. Calling it again moves the position.
 * Errors: any. */
CAREPOST_FALLIBLE carepost_watch(carepost_client* client, uint64_t after, uint32_t deadline_ms);
/* Waits up to `wait_ms` (0: not at all) for the next event. `*event` is NULL when none came; that
 * is no error. Errors: bad_argument (not watching, or a callback is set), cancelled, not_allowed.
 */
CAREPOST_FALLIBLE carepost_next_event(carepost_client* client, uint32_t wait_ms, carepost_event** event);
/* A descriptor that is readable while events wait, for poll, epoll and the like. It belongs to the
 * client: never read, write or close it. -1 for NULL. */
CAREPOST_API int carepost_event_fd(const carepost_client* client);
/* Takes the event, which the callback frees. Called from a thread of the library, one event at a
 * time; it may call the client. */
typedef void (*carepost_event_fn)(void* user, carepost_event* event);
/* Hands every event to `callback` from now on; NULL ends that, and once it has returned the
 * callback is not called any more. Errors: bad_argument (ending it from the callback itself). */
CAREPOST_FALLIBLE carepost_set_event_callback(carepost_client* client, carepost_event_fn callback, void* user);
/* One of carepost_event_kind. */
CAREPOST_API int carepost_event_kind(const carepost_event* event);
/* The number of the change: rises within the mailbox. 0 for connected and disconnected, as all that
 * follows. */
CAREPOST_API uint64_t carepost_event_number(const carepost_event* event);
/* The message it is about, 32 hexadecimal digits, and the message's number in this mailbox. */
CAREPOST_API const char* carepost_event_message_id(const carepost_event* event);
CAREPOST_API uint64_t carepost_event_message_number(const carepost_event* event);
CAREPOST_API void carepost_event_free(carepost_event* event);

/* --- Witnesses --- */

/* A witness looks after a broker's directory log: it cosigns a signed head (C2SP checkpoint, cosignature/v1) only after it has checked
 * that the log continues the head it cosigned before. Clients may demand the cosignatures of some witnesses. It needs an
 * identity of its own at that broker, and a key of its own: HOME/config/witness.key, unlocked as the identity's keys. What it cosigned
 * last is kept in HOME/data/witness.checkpoint, written before a cosignature leaves the machine. One thread at a time. */
typedef struct carepost_witness carepost_witness;
/* A signed head with this witness's cosignature. */
typedef struct carepost_cosigned carepost_cosigned;

/* Makes the key. `name` is how it is called in its cosignatures: printable, without spaces and plus signs, at best with a domain name
 * of yours. Errors: already_exists, bad_argument, cannot_create, io_failed, disk_full. */
CAREPOST_FALLIBLE carepost_witness_make(const carepost_options* options, const char* name, carepost_witness** witness);
/* Errors: not_enrolled (there is no such key), unsafe_key_file, wrong_passphrase, damaged_file. */
CAREPOST_FALLIBLE carepost_witness_open(const carepost_options* options, carepost_witness** witness);
/* The public key as a C2SP verifier key, for the broker and for clients. */
CAREPOST_API const char* carepost_witness_key(const carepost_witness* witness);
/* Fetches the newest head, checks it, remembers it, cosigns it and brings the cosignature to the broker. `client` is open on the
 * same home. Errors: any, not_found (the log is empty), not_allowed (the broker does not take this witness's cosignatures),
 * log_unverified (the head is not proven to continue the last one: nothing was cosigned), fraud_proven (the broker has signed two logs that
 * contradict each other; the proof is kept, and nothing is ever cosigned again). */
CAREPOST_FALLIBLE carepost_witness_cosign(carepost_witness* witness, carepost_client* client, uint32_t deadline_ms,
                                          carepost_cosigned** cosigned);
CAREPOST_API void carepost_witness_free(carepost_witness* witness);
/* The note, as it may be published. */
CAREPOST_API const char* carepost_cosigned_note(const carepost_cosigned* cosigned);
CAREPOST_API uint64_t carepost_cosigned_size(const carepost_cosigned* cosigned);
/* 64 lower-case hexadecimal digits. */
CAREPOST_API const char* carepost_cosigned_root(const carepost_cosigned* cosigned);
CAREPOST_API int64_t carepost_cosigned_time(const carepost_cosigned* cosigned);
CAREPOST_API void carepost_cosigned_free(carepost_cosigned* cosigned);

#ifdef __cplusplus
}
#endif

#include "carepost/members.h"

#endif /* CAREPOST_CAREPOST_H */
