/* errors.h: version and errors of CarePost's C interface; carepost.h includes it. */
#ifndef CAREPOST_ERRORS_H
#define CAREPOST_ERRORS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CAREPOST_API __attribute__((visibility("default")))
#define CAREPOST_MUST_USE __attribute__((warn_unused_result))
#else
#define CAREPOST_API
#define CAREPOST_MUST_USE
#endif

typedef struct carepost_error carepost_error;
/* What a function that can fail begins with. */
#define CAREPOST_FALLIBLE CAREPOST_API CAREPOST_MUST_USE carepost_error*

/* --- Version --- */

#define CAREPOST_VERSION_MAJOR 0
#define CAREPOST_VERSION_MINOR 1
#define CAREPOST_VERSION_PATCH 0
/* The version of this header as one number that can be compared. */
#define CAREPOST_VERSION (CAREPOST_VERSION_MAJOR * 65536U + CAREPOST_VERSION_MINOR * 256U + CAREPOST_VERSION_PATCH)

/* The version of the library that is running, in the form of CAREPOST_VERSION. */
CAREPOST_API uint32_t carepost_version(void);
/* The same as text, e.g. "0.1.0". Lives for ever. */
CAREPOST_API const char* carepost_version_text(void);
/* 1 if the running library can serve a program compiled against `compiled_against` (give
 * CAREPOST_VERSION): same major number and not older (before 1.0: same minor number too); else 0.
 * Call it once at start. */
CAREPOST_API int carepost_version_check(uint32_t compiled_against);

/* --- Errors --- */

/* What went wrong. Numbers are stable and never reused; later versions may add some, so expect
 * unknown ones and then go by carepost_error_class. */
enum carepost_code {
    /* Told by the broker. */
    CAREPOST_ERROR_MALFORMED_REQUEST = 1,   /* the bytes do not form a request of this protocol */
    CAREPOST_ERROR_UNSUPPORTED_VERSION = 2, /* the broker speaks another version of the protocol */
    CAREPOST_ERROR_TOO_LARGE = 3,           /* one item is over its limit; the message names it */
    CAREPOST_ERROR_TOO_MANY = 4,            /* a count is over its limit; the message names it */
    CAREPOST_ERROR_BUSY = 5,                /* come again after carepost_error_retry_after_ms */
    CAREPOST_ERROR_DEADLINE_EXCEEDED = 6,   /* too late to be started: nothing was done */
    CAREPOST_ERROR_NOT_ALLOWED = 7,         /* the key has no such right */
    CAREPOST_ERROR_UNKNOWN_RECIPIENT = 8,   /* no living mailbox behind that address */
    CAREPOST_ERROR_NOT_FOUND = 9,           /* no such message for this mailbox */
    CAREPOST_ERROR_CONFLICT = 10,           /* the same message id was used before with other content */
    CAREPOST_ERROR_STALE_EPOCH = 11,        /* the recipient's keys changed meanwhile */
    CAREPOST_ERROR_QUOTA_EXCEEDED = 12,     /* the recipient's or the sender's quota is used up */
    CAREPOST_ERROR_PART_MISMATCH = 13,      /* a part does not agree with its proof */
    CAREPOST_ERROR_OFFSET_AHEAD = 14,       /* a part was sent before the one that precedes it */
    CAREPOST_ERROR_EXPIRED = 15,            /* invitation, certificate or message is past its time */
    CAREPOST_ERROR_STORAGE_FAILED = 16,     /* the broker could not store; nothing was acknowledged */
    CAREPOST_ERROR_INTERNAL = 17,           /* a bug, of the broker or of this library */
    CAREPOST_ERROR_SHUTTING_DOWN = 18,      /* the broker is stopping; come again shortly */
    CAREPOST_ERROR_INVALID_SIGNATURE = 19,  /* a signature or proof does not verify */
    CAREPOST_ERROR_ALREADY_EXISTS = 20,     /* the address, mailbox or identity exists already */
    CAREPOST_ERROR_DISK_FULL = 21,          /* no room on the disk named in the message */
    /* Found on this machine. */
    CAREPOST_ERROR_BAD_ADDRESS = 100,         /* not an address, or a wrong check digit */
    CAREPOST_ERROR_BAD_ARGUMENT = 101,        /* the caller's mistake */
    CAREPOST_ERROR_NO_SUCH_FILE = 102,        /* an input file does not exist */
    CAREPOST_ERROR_UNREADABLE = 103,          /* an input exists but cannot be read */
    CAREPOST_ERROR_CANNOT_CREATE = 104,       /* an output cannot be made, or exists already */
    CAREPOST_ERROR_IO_FAILED = 105,           /* a local file or a callback failed half-way */
    CAREPOST_ERROR_BROKER_UNREACHABLE = 106,  /* no connection in time; nothing was sent */
    CAREPOST_ERROR_BROKER_UNTRUSTED = 107,    /* the peer is not the broker of the trusted broker file */
    CAREPOST_ERROR_OUTCOME_UNKNOWN = 108,     /* sent, no answer: repeat with the same id */
    CAREPOST_ERROR_CANNOT_OPEN = 109,         /* a message fails verification or decryption */
    CAREPOST_ERROR_UNSAFE_KEY_FILE = 110,     /* a key file is readable by others, a link, or not yours */
    CAREPOST_ERROR_WRONG_PASSPHRASE = 111,    /* the key file does not open with what was given */
    CAREPOST_ERROR_DAMAGED_FILE = 112,        /* a state, key, broker or receipt file is not whole */
    CAREPOST_ERROR_IDENTITY_IN_USE = 113,     /* another process holds this identity */
    CAREPOST_ERROR_BAD_CONFIGURATION = 114,   /* an unknown or impossible setting; it is named */
    CAREPOST_ERROR_NOT_ENROLLED = 115,        /* no identity here, or not admitted yet */
    CAREPOST_ERROR_CERTIFICATE_INVALID = 116, /* a certificate or chain does not verify now */
    CAREPOST_ERROR_FRAUD_PROVEN = 117,        /* contradicting signed statements were found and kept */
    CAREPOST_ERROR_LOG_UNVERIFIED = 118,      /* a log proof is missing or wrong, or the log is stale */
    CAREPOST_ERROR_CANCELLED = 119,           /* carepost_cancel, carepost_close or a callback stopped it */
    CAREPOST_ERROR_NO_VALID_EPOCH = 120,      /* the recipient has published no key that is valid now */
    CAREPOST_ERROR_FILE_CHANGED = 121,        /* an input changed while it was being sent */
    CAREPOST_ERROR_UNRESOLVED_SPLIT = 122,    /* two heads of the directory log, not proven to be of one log */
    CAREPOST_ERROR_LOG_STALE = 123,           /* the directory's newest time stamp is too old to seal by */
    CAREPOST_ERROR_RESET_UNCONFIRMED = 124,   /* the identity was reset; the user has to confirm the new one */
    CAREPOST_ERROR_NOT_WITNESSED = 125,       /* fewer witnesses than required have cosigned the directory */
    CAREPOST_ERROR_VETOED = 126               /* this reset was refused by its mailbox and never takes effect */
};

/* What a caller may do about an error without understanding it. */
enum carepost_class {
    CAREPOST_CLASS_PERMANENT = 0,      /* the same call will fail again */
    CAREPOST_CLASS_RETRYABLE = 1,      /* nothing was done; calling again later can succeed */
    CAREPOST_CLASS_OUTCOME_UNKNOWN = 2 /* it may have been done; calling again with the same id is safe */
};

/* One of carepost_code, or a later number. 0 for NULL. */
CAREPOST_API int carepost_error_code(const carepost_error* error);
/* One of carepost_class. */
CAREPOST_API int carepost_error_class(const carepost_error* error);
/* The stable lower-case name of the code, e.g. "not_allowed". */
CAREPOST_API const char* carepost_error_name(const carepost_error* error);
/* What happened, to which item: one sentence in English, without secrets. */
CAREPOST_API const char* carepost_error_message(const carepost_error* error);
/* What to do next: one sentence, or "". */
CAREPOST_API const char* carepost_error_hint(const carepost_error* error);
/* When to come again, in milliseconds; 0 where nobody said. */
CAREPOST_API uint32_t carepost_error_retry_after_ms(const carepost_error* error);
CAREPOST_API void carepost_error_free(carepost_error* error);
/* The name of any code; "unknown" for a number this version does not know. Lives for ever. */
CAREPOST_API const char* carepost_error_code_name(int code);

#ifdef __cplusplus
}
#endif

#endif /* CAREPOST_ERRORS_H */
