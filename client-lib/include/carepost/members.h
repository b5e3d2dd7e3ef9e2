/*
 * carepost/members.h: members of a mailbox and their keys. Part of carepost.h, whose rules hold here too; include that one.
 *
 * A member is a key holder of a mailbox: a device, a delegate with an end date, or a recovery kit on paper. What a member may do are its rights.
 */
#ifndef CAREPOST_MEMBERS_H
#define CAREPOST_MEMBERS_H

#include "carepost/carepost.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Members --- */

/* Rights are sums of these. */
enum carepost_right { CAREPOST_RIGHT_READ = 1, CAREPOST_RIGHT_SEND = 2, CAREPOST_RIGHT_MANAGE = 4 };
enum carepost_member_kind {
    CAREPOST_MEMBER_DEVICE = 0,
    CAREPOST_MEMBER_DELEGATE = 1,
    CAREPOST_MEMBER_RECOVERY_KIT = 2
};
/* Which mail from before it joined a new member may read. */
enum carepost_given_epochs {
    CAREPOST_EPOCHS_NONE = 0,    /* none: a new epoch begins at once */
    CAREPOST_EPOCHS_CURRENT = 1, /* of the epoch that holds now, and of those published ahead */
    CAREPOST_EPOCHS_ALL = 2      /* all that the one who adds it can still read */
};

/* Some members of a mailbox. */
typedef struct carepost_members carepost_members;

/* All members of the own mailbox, in order of joining. Errors: any. */
CAREPOST_FALLIBLE carepost_members_list(carepost_client* client, uint32_t deadline_ms, carepost_members** members);
/* Adds a new device: by the code it shows (26 characters; the machine compares it with the request), or by the request file it wrote; one of the
 * two may be NULL, with both the file has to have that code. Waits until the device asks, at most until the deadline. `until` is when its rights end, 0
 * for never. `epochs` is one of carepost_given_epochs. `*added` holds the one new member. Errors: any, bad_argument, deadline_exceeded (the
 * device did not ask), too_many, expired, already_exists, no_such_file, damaged_file. */
CAREPOST_FALLIBLE carepost_member_add(carepost_client* client, const char* code, const char* request_file,
                                      uint32_t rights, int64_t until, int epochs, uint32_t deadline_ms,
                                      carepost_members** added);
/* Removes members, named by id, at least 4 first digits of it, or name, and begins a new epoch in the same step: they can neither log in nor open
 * anything sealed afterwards. What they could read before stays readable for them. `reason` may be NULL. Errors: any, not_found, bad_argument. */
CAREPOST_FALLIBLE carepost_member_revoke(carepost_client* client, const char* const* who, size_t count,
                                         const char* reason, uint32_t deadline_ms, carepost_members** removed);
/* Changes what a member may do. `until`: a new end of its rights, 0 for never, -1 to leave it. Errors: as above. */
CAREPOST_FALLIBLE carepost_member_change_rights(carepost_client* client, const char* who, uint32_t rights,
                                                int64_t until, uint32_t deadline_ms, carepost_members** changed);

CAREPOST_API size_t carepost_members_count(const carepost_members* members);
CAREPOST_API const char* carepost_members_id(const carepost_members* members, size_t index);
CAREPOST_API const char* carepost_members_name(const carepost_members* members, size_t index);
CAREPOST_API uint32_t carepost_members_rights(const carepost_members* members, size_t index);
/* One of carepost_member_kind. */
CAREPOST_API int carepost_members_kind(const carepost_members* members, size_t index);
CAREPOST_API int64_t carepost_members_joined_at(const carepost_members* members, size_t index);
CAREPOST_API int64_t carepost_members_until(const carepost_members* members, size_t index);
/* 1: this very client. */
CAREPOST_API int carepost_members_is_self(const carepost_members* members, size_t index);
/* How many epochs it waits for the keys of, as the broker says; other members hand them over when they are online. */
CAREPOST_API uint32_t carepost_members_missing_keys(const carepost_members* members, size_t index);
/* Of carepost_member_add: 0 while the new member has not been given its keys yet; that happens by itself when both are online. */
CAREPOST_API int carepost_members_keys_given(const carepost_members* members);
CAREPOST_API void carepost_members_free(carepost_members* members);

/* --- Joining a mailbox --- */

/* How a new device stands with the mailbox it wants to join. */
typedef struct carepost_joining carepost_joining;
/* Given the code as soon as there is one, before anything is waited for. */
typedef void (*carepost_code_fn)(void* user, const char* code);

/* Asks to join the mailbox of `address`: makes keys in the home of `options`, pins the broker file, calls `show_code` (may be NULL) with the code that
 * somebody who manages the mailbox gives to carepost_member_add, and waits for that until the deadline. With `request_file` (else NULL) it writes
 * the request there instead of waiting. Repeating it is safe and keeps the code for a week. The outcome may be pending: any later call
 * finds out by itself. `name` ("front desk") and `rights` are what it wishes for. Errors: any, bad_address, already_exists, cannot_create. */
CAREPOST_FALLIBLE carepost_join(const carepost_options* options, const char* broker_file, const char* address,
                                const char* name, uint32_t rights, const char* request_file, carepost_code_fn show_code,
                                void* user, uint32_t deadline_ms, carepost_joining** joining);
/* One of carepost_enrolment_state: pending or admitted. */
CAREPOST_API int carepost_joining_state(const carepost_joining* joining);
CAREPOST_API const char* carepost_joining_code(const carepost_joining* joining);
CAREPOST_API const char* carepost_joining_address(const carepost_joining* joining);
CAREPOST_API const char* carepost_joining_mailbox(const carepost_joining* joining);
CAREPOST_API const char* carepost_joining_member(const carepost_joining* joining);
CAREPOST_API uint32_t carepost_joining_rights(const carepost_joining* joining);
CAREPOST_API const char* carepost_joining_request_file(const carepost_joining* joining);
CAREPOST_API const char* carepost_joining_broker_name(const carepost_joining* joining);
CAREPOST_API const char* carepost_joining_broker_fingerprint(const carepost_joining* joining);
CAREPOST_API void carepost_joining_free(carepost_joining* joining);

/* --- Keys --- */

/* What is known of the keys held here. */
typedef struct carepost_keys carepost_keys;

/* From the local files; with `ask_broker` = 1 after contact. Errors: any (with ask_broker), not_enrolled. */
CAREPOST_FALLIBLE carepost_keys_show(carepost_client* client, int ask_broker, uint32_t deadline_ms,
                                     carepost_keys** keys);
/* Begins a new epoch at once. Errors: any. */
CAREPOST_FALLIBLE carepost_keys_rotate(carepost_client* client, uint32_t deadline_ms, carepost_keys** keys);
/* New signing and transport keys for this member: it joins anew and removes its old self. No client may have the identity open. Errors: any, conflict
 * (messages wait to be sent). */
CAREPOST_FALLIBLE carepost_keys_rotate_member(const carepost_options* options, uint32_t deadline_ms,
                                              carepost_keys** keys);
/* A new identity key, signed by the present one, which has to be here. The certificate has to be renewed afterwards. Errors: any. */
CAREPOST_FALLIBLE carepost_keys_rotate_identity(const carepost_options* options, uint32_t deadline_ms,
                                                carepost_keys** keys);
/* Refuses a reset of this mailbox's identity; `reset` is 64 hexadecimal digits. Errors: any, bad_argument. */
CAREPOST_FALLIBLE carepost_keys_veto(carepost_client* client, const char* reset, uint32_t deadline_ms);
/* How many epochs' secrets are here, and how many of those that hold or will hold are not. */
CAREPOST_API uint32_t carepost_keys_held(const carepost_keys* keys);
CAREPOST_API uint32_t carepost_keys_missing(const carepost_keys* keys);
/* The epoch that is sealed to now (0: none), the newest, and the first that was not superseded. */
CAREPOST_API uint32_t carepost_keys_current(const carepost_keys* keys);
CAREPOST_API uint32_t carepost_keys_newest(const carepost_keys* keys);
CAREPOST_API uint32_t carepost_keys_first(const carepost_keys* keys);
/* Until when others can seal to this mailbox; and when the oldest secret held here will be destroyed. */
CAREPOST_API int64_t carepost_keys_until(const carepost_keys* keys);
CAREPOST_API int64_t carepost_keys_destroyed_at(const carepost_keys* keys);
CAREPOST_API int carepost_keys_has_identity(const carepost_keys* keys);
CAREPOST_API const char* carepost_keys_identity_key(const carepost_keys* keys);
CAREPOST_API const char* carepost_keys_signing_key(const carepost_keys* keys);
CAREPOST_API void carepost_keys_free(carepost_keys* keys);

/* --- Backups and recovery kits --- */

/* Writes all keys of this member (and the identity key, if it is here) to `file`, sealed under the passphrase, which is not that of `options`. Never
 * overwrites. No client may have the identity open. Errors: already_exists, wrong_passphrase, not_enrolled, identity_in_use, cannot_create. */
CAREPOST_FALLIBLE carepost_keys_backup(const carepost_options* options, const char* file, const void* passphrase,
                                       size_t size);
/* Puts them back into the home of `options`, which has to hold no identity, under the passphrase or key of `options`. The restored member works at once.
 * Two copies must not run side by side. Errors: already_exists, wrong_passphrase, damaged_file, no_such_file, cannot_create. */
CAREPOST_FALLIBLE carepost_keys_restore(const carepost_options* options, const char* file, const void* passphrase,
                                        size_t size);

/* A recovery kit that was just made; freeing wipes its words. */
typedef struct carepost_kit carepost_kit;
/* Makes a recovery kit, a member whose keys derive from 24 words. Whoever holds the words can read all mail the broker still keeps: for them destroyed
 * epochs are not destroyed. With `file` (else NULL) the kit goes there, sealed under `passphrase`, and there are no words. No client may have the identity
 * open. Errors: any, already_exists, cannot_create. */
CAREPOST_FALLIBLE carepost_kit_make(const carepost_options* options, const char* name, const char* file,
                                    const void* passphrase, size_t size, uint32_t deadline_ms, carepost_kit** kit);
/* The 24 words, separated by spaces; "" with a file. A secret. */
CAREPOST_API const char* carepost_kit_words(const carepost_kit* kit);
/* The kit as a member. */
CAREPOST_API const char* carepost_kit_member(const carepost_kit* kit);
CAREPOST_API const char* carepost_kit_name(const carepost_kit* kit);
CAREPOST_API void carepost_kit_free(carepost_kit* kit);
/* With a kit's words, makes a new member of the mailbox of `address` in the home of `options`, which has to be empty. Errors: any, bad_argument (the words),
 * bad_address, already_exists. */
CAREPOST_FALLIBLE carepost_kit_restore_words(const carepost_options* options, const char* broker_file,
                                             const char* address, const char* name, const void* words, size_t size,
                                             uint32_t deadline_ms, carepost_joining** joining);
/* The same with a kit's file and its passphrase. Errors besides: wrong_passphrase, damaged_file. */
CAREPOST_FALLIBLE carepost_kit_restore_file(const carepost_options* options, const char* broker_file,
                                            const char* address, const char* name, const char* file,
                                            const void* passphrase, size_t size, uint32_t deadline_ms,
                                            carepost_joining** joining);

#ifdef __cplusplus
}
#endif
#endif
