#pragma once
// Every bound of the protocol, with its reason. Limits an administrator may change are defaults here and are told to
// clients in Hello.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace carepost::limits {

// --- wire ---------------------------------------------------------------------------------------------------------
inline constexpr std::size_t kFrame = 256 * 1024;  // ZMQ_MAXMSGSIZE: one frame, before authentication too
inline constexpr std::size_t kInlineContent = 128 * 1024 + 1024;  // content sent with Submit itself: about one part
inline constexpr std::size_t kBytesInFlight =
    2 * 1024 * 1024;                                    // part bytes per connection; below the 4 MiB cut of floods
inline constexpr std::uint32_t kRequestsInFlight = 64;  // per connection
inline constexpr std::size_t kListPage = 1000;          // items in one page
inline constexpr std::size_t kPageBytes = 192 * 1024;   // and its bytes: a page fits a frame

// --- envelope -----------------------------------------------------------------------------------------------------
inline constexpr std::size_t kChunk = 16 * 1024;  // Cobblestone-256 plaintext chunk
inline constexpr std::size_t kSealedChunk = kChunk + 16;
inline constexpr std::size_t kStreamHeader = 56;  // 24 bytes of nonce, 32 of key commitment
inline constexpr std::size_t kPartChunks = 8;     // chunks per part: a part fits a frame with room to spare
inline constexpr std::size_t kPart = kPartChunks * kSealedChunk;  // 131,200 bytes; part 0 has kStreamHeader more
inline constexpr std::size_t kStanza = 16 + 4 + 1120 + 88;        // mailbox, epoch, enc, wrapped
inline constexpr std::size_t kInlineStanzas = 64;                 // stanzas in Submit itself
inline constexpr std::size_t kStanzasPerPart = 100;
inline constexpr std::size_t kLeavesPerPart = 4096;      // 128 KiB of leaf hashes
inline constexpr std::size_t kRouting = 8 * 1024;        // routing bytes with 100 attachments need about 5 KiB
inline constexpr std::size_t kHeader = 64 * 1024;        // sealed header
inline constexpr std::size_t kSignaturePart = 4 * 1024;  // sealed signature
inline constexpr std::uint64_t kMessage = 2ULL << 30;    // default limit of one message's content, in plaintext
inline constexpr std::uint64_t kMessageSealed =
    kMessage + kMessage / 8 + (8U << 20);          // Padmé adds up to 12 %, chunks 0.1 %
inline constexpr std::uint32_t kRecipients = 500;  // default; 50,000 with the broadcast right
inline constexpr std::uint32_t kRecipientsBroadcast = 50'000;
inline constexpr std::uint32_t kAttachments = 100;
inline constexpr std::size_t kSubjectCharacters = 400;
inline constexpr std::size_t kWordCharacters = 100;  // message type, format, an address
inline constexpr std::size_t kPatientCharacters = 200;
inline constexpr std::size_t kFileNameBytes = 255;        // what common file systems take
inline constexpr std::size_t kMediaTypeCharacters = 127;  // RFC 6838 section 4.2
inline constexpr std::size_t kMetadata = 64;              // key-value pairs in a header
inline constexpr std::size_t kMetadataKeyCharacters = 64;
inline constexpr std::size_t kMetadataValueCharacters = 1000;
inline constexpr std::size_t kCheckpoint = 4 * 1024;  // a signed note with a handful of cosignatures
inline constexpr std::size_t kWitnesses = 16;         // of one broker: their lines fit kCheckpoint
inline constexpr std::size_t kWitnessedMost = 16;     // newest checkpoints with cosignatures that are kept and told
inline constexpr std::size_t kMemberReceipt = 1024;

// --- mailbox ------------------------------------------------------------------------------------------------------
inline constexpr std::uint64_t kMailboxBytes = 10ULL << 30;
inline constexpr std::uint64_t kMailboxMessages = 100'000;
inline constexpr std::uint32_t kMembers = 256;
inline constexpr std::uint32_t kPairings = 16;       // newcomers one mailbox waits for at once
inline constexpr std::uint32_t kRetentionDays = 90;  // default; at most kRetentionDaysMost
inline constexpr std::uint32_t kRetentionDaysMost = 365;

// --- directory ----------------------------------------------------------------------------------------------------
inline constexpr std::size_t kEntry = 8 * 1024;              // one certificate or chain entry (an epoch has 1.3 KiB)
inline constexpr std::size_t kEnrolmentRequest = 64 * 1024;  // genesis and ten epochs are about 16 KiB
inline constexpr std::size_t kPairingRequest = 4 * 1024;     // a recovery kit's has a sealing key of 1,216 bytes
inline constexpr std::size_t kMemberSealingKey = 2 * 1024;   // one, signed: about 1.4 KiB
inline constexpr std::size_t kSealingKeysAtOnce = 128;       // fills a frame
inline constexpr std::size_t kPacket = 1280;                 // one: about 1.2 KiB
inline constexpr std::size_t kPacketsAtOnce = 150;           // fills a frame
inline constexpr std::size_t kX509Proof = 32 * 1024;         // a chain of certificates and a signature; mostly 6 KiB
inline constexpr std::size_t kNameCharacters = 200;
inline constexpr std::uint32_t kEpochsAhead = 10;    // epochs published in advance
inline constexpr std::chrono::days kEpoch{7};        // how long an epoch is the current one
inline constexpr std::chrono::days kEpochValid{14};  // how long its key may be sealed to
inline constexpr std::chrono::hours kClockSkew{1};   // tolerated between client and broker
// From the logging of a reset until it may take effect: long enough for an owner who is away over a weekend to veto it.
inline constexpr std::chrono::hours kResetDelay{72};
inline constexpr std::size_t kResets = 16;           // of one mailbox, ever: each takes two registrars
inline constexpr std::chrono::days kResetShown{90};  // how long `check` reminds of a reset that took effect

// --- broker's inside ----------------------------------------------------------------------------------------------
inline constexpr std::size_t kBatchOperations = 256;  // one commit
inline constexpr std::size_t kBatchBytes = 1024 * 1024;
inline constexpr std::size_t kInlineStore = 64 * 1024;  // content up to this lives in a row, above in a file
inline constexpr std::size_t kWorkerQueue = 1024;
inline constexpr std::size_t kWriterQueue = 4096;
inline constexpr std::size_t kPartsQueueBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kPartsQueueTasks = 4096;
inline constexpr std::uint32_t kUploadsPerSender = 64;  // unfinished; each holds files on the broker's disk
inline constexpr int kCheckpointPages = 32'000;  // 128 MiB of write-ahead log before it is folded back under load:
                                                 // rare enough to stay outside the 99th percentile of 64 senders
inline constexpr std::size_t kOutbox = 16 * 1024;

}  // namespace carepost::limits
