-- Hot tables are keyed by one integer that already holds the order in which they are read, so that a page of a mailbox is
-- one range of one tree and a submit touches few pages however much is stored (broker/store/sqlite/keys.h):
--   items       mailbox, folder, seq       placements, stanzas   message, stanza index
--   changes     mailbox, change            *_nodes               in-order number of (level, index)
-- Their references are kept right by transaction.cpp alone; foreign keys guard the tables that change rarely.

CREATE TABLE settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sandbox INTEGER NOT NULL CHECK (sandbox IN (0, 1))
) STRICT;

CREATE TABLE totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mailboxes INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0);

-- Directory ------------------------------------------------------------------------------------------------------------

CREATE TABLE mailboxes (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    label BLOB NOT NULL,
    address TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    state INTEGER NOT NULL,
    chain_length INTEGER NOT NULL,
    chain_head BLOB NOT NULL,
    certificate_not_before INTEGER NOT NULL,
    certificate_not_after INTEGER NOT NULL,
    epochs_until INTEGER NOT NULL,
    current_epochs_from INTEGER NOT NULL
) STRICT;

-- Apart from mailboxes, because every message changes them: 150 to a page. One counter numbers items and changes alike, so
-- that an arrival needs no row of its own in `changes`.
CREATE TABLE mailbox_counters (
    mailbox INTEGER PRIMARY KEY,
    latest_change INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    standing_by INTEGER NOT NULL,   -- messages in stand-by, and their bytes
    standing_bytes INTEGER NOT NULL
) STRICT;

-- Rows are numbered as mailboxes are. unicode61 folds case and accents; short prefixes have an index of their own.
CREATE VIRTUAL TABLE mailbox_words USING fts5(
    name, number, quality, content='', prefix='1 2 3', tokenize='unicode61 remove_diacritics 2');

CREATE TABLE members (
    key INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL REFERENCES mailboxes (key),
    id BLOB NOT NULL,
    signing_key BLOB NOT NULL,
    transport_key BLOB NOT NULL UNIQUE,
    rights INTEGER NOT NULL,
    name TEXT NOT NULL,
    revoked INTEGER NOT NULL,
    kind INTEGER NOT NULL,    -- 0 device or account, 1 delegate, 2 recovery kit
    until INTEGER NOT NULL,   -- from then on without rights; 0: no end
    joined INTEGER NOT NULL,  -- time of the entry that brought it in
    UNIQUE (mailbox, id)
) STRICT;

CREATE TABLE invitations (
    transport_key BLOB PRIMARY KEY,
    address TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolments (
    key INTEGER PRIMARY KEY,
    mailbox BLOB NOT NULL UNIQUE,
    invitation BLOB NOT NULL,
    request BLOB NOT NULL,
    mac BLOB NOT NULL,
    received INTEGER NOT NULL,
    state INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX pending_enrolments ON enrolments (key) WHERE state = 1;

-- Epochs as their mailbox's chain has them: how long their packets are kept, and which numbers come next.
CREATE TABLE epochs (
    key INTEGER PRIMARY KEY,  -- mailbox, number (keys.h)
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    destroyed INTEGER NOT NULL  -- 1: keys and packets are gone for good
) STRICT;
CREATE INDEX epochs_to_destroy ON epochs (not_after) WHERE destroyed = 0;

-- Members' keys of single epochs. Once a published packet was sealed to a key it is served: the hash stays, so that a repeat
-- of the key is known for one, the key itself goes.
CREATE TABLE sealing_keys (
    key INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,  -- epochs.key, or that of an epoch to come
    member BLOB NOT NULL,
    hash BLOB NOT NULL,
    signed_object BLOB NOT NULL,
    served INTEGER NOT NULL,
    UNIQUE (epoch, member)
) STRICT;
CREATE INDEX unserved_keys ON sealing_keys (epoch, member) WHERE served = 0;

CREATE TABLE packets (
    key INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    member BLOB NOT NULL,
    packet BLOB NOT NULL,
    UNIQUE (epoch, member)
) STRICT;

-- Packets that wait for the entry of their epoch, a day at most.
CREATE TABLE staged_packets (
    key INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    maker BLOB NOT NULL,
    member BLOB NOT NULL,
    packet BLOB NOT NULL,
    stored INTEGER NOT NULL,
    UNIQUE (epoch, maker, member)
) STRICT;
CREATE INDEX staged_packets_by_age ON staged_packets (stored);

-- One-time keys of newcomers, and what they ask; a few a mailbox, expiring.
CREATE TABLE pairings (
    transport_key BLOB PRIMARY KEY,
    mailbox INTEGER NOT NULL REFERENCES mailboxes (key),
    expires INTEGER NOT NULL,
    member BLOB NOT NULL,   -- as the request says; zeros: none came yet
    request BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pairings_of_mailbox ON pairings (mailbox);

CREATE TABLE log_entries (
    number INTEGER PRIMARY KEY,  -- index in the directory log
    type INTEGER NOT NULL,
    label BLOB NOT NULL,
    seq INTEGER NOT NULL,
    mailbox INTEGER,
    signed_object BLOB NOT NULL,
    salt BLOB NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE INDEX log_entries_of_mailbox ON log_entries (mailbox, type, seq);

CREATE TABLE directory_nodes (key INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;

-- Evidence -------------------------------------------------------------------------------------------------------------

CREATE TABLE evidence (
    number INTEGER PRIMARY KEY,  -- index in the evidence log
    row BLOB NOT NULL,
    salt BLOB NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE TABLE evidence_nodes (key INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;

-- Audit ----------------------------------------------------------------------------------------------------------------

-- An erased row keeps number, time and leaf; its row and salt are empty and what it was found by is gone.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,  -- index in the audit log
    time INTEGER NOT NULL,
    mailbox BLOB,
    member BLOB,
    message BLOB,
    row BLOB NOT NULL,
    salt BLOB NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE INDEX audit_of_mailbox ON audit (mailbox, number) WHERE mailbox IS NOT NULL;
CREATE INDEX audit_of_member ON audit (member, number) WHERE member IS NOT NULL;
CREATE INDEX audit_of_message ON audit (message, number) WHERE message IS NOT NULL;
CREATE INDEX audit_kept ON audit (time, number) WHERE row <> x'';
CREATE TABLE audit_nodes (key INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;

CREATE TABLE checkpoints (
    log INTEGER PRIMARY KEY,  -- 1 directory, 2 evidence, 3 audit
    size INTEGER NOT NULL,
    note BLOB NOT NULL
) STRICT;

-- Checkpoints of the directory as they were first time-stamped: the proof how long a leaf has been public.
CREATE TABLE stamped_checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
-- The newest checkpoints of the directory that witnesses have cosigned.
CREATE TABLE witnessed_checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;

-- Messages -------------------------------------------------------------------------------------------------------------

-- Stays after the content is gone: it makes a repeated submit find its first receipt.
CREATE TABLE messages (
    key INTEGER PRIMARY KEY,
    sender INTEGER NOT NULL,
    message_id BLOB NOT NULL,
    sender_member BLOB NOT NULL,
    routing_hash BLOB NOT NULL,
    stored INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    size INTEGER NOT NULL,
    in_files INTEGER NOT NULL,        -- 1: content lies in the directory named by sender and message id
    evidence INTEGER NOT NULL,        -- leaf of the submission
    placed INTEGER,                   -- leaf of the placement that came with it
    holders INTEGER NOT NULL,         -- mailboxes that still have it
    own_seq INTEGER NOT NULL,         -- the sender's own item; 0: none
    receipt_change INTEGER NOT NULL,  -- the sender's latest change for a receipt; 0: none
    UNIQUE (sender, message_id)
) STRICT;

CREATE TABLE envelopes (
    message INTEGER PRIMARY KEY,
    routing BLOB NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    layout BLOB NOT NULL,         -- of each content: u64 sealed length, 32 bytes root
    stanza_hashes BLOB NOT NULL,  -- 32 bytes each
    content BLOB NOT NULL         -- small contents, one after the other; last, so that lists never read its pages
) STRICT;

CREATE TABLE placements (
    key INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    state INTEGER NOT NULL,  -- 0 placed, 1 deleted, 2 expired, 3 recalled, 4 stand-by
    receipt BLOB NOT NULL,   -- MemberReceipt; empty: not received
    hand_over INTEGER,       -- evidence leaves
    stood_by INTEGER,
    placed_by INTEGER,
    ended INTEGER
) STRICT;

-- When messages that somebody still holds expire: minute and message.
CREATE TABLE expiries (key INTEGER PRIMARY KEY) STRICT;

-- How far expiry has come: it follows the clock, never faster than elapsed time allows.
CREATE TABLE expiry_horizon (id INTEGER PRIMARY KEY CHECK (id = 1), time INTEGER NOT NULL) STRICT;

-- What waits for room in a mailbox, in order: mailbox, number of its arrival.
CREATE TABLE stand_by (key INTEGER PRIMARY KEY, placement INTEGER NOT NULL) STRICT;

-- The newest statement that a submission was refused.
CREATE TABLE refusals (
    key INTEGER PRIMARY KEY,
    sender INTEGER NOT NULL,
    message_id BLOB NOT NULL,
    evidence INTEGER NOT NULL,
    UNIQUE (sender, message_id)
) STRICT;

CREATE TABLE stanzas (key INTEGER PRIMARY KEY, stanza BLOB NOT NULL) STRICT;

CREATE TABLE items (
    key INTEGER PRIMARY KEY,
    placement INTEGER NOT NULL,
    id_start INTEGER NOT NULL  -- first 8 bytes of the message id, to find an item by it
) STRICT;

-- Deletions, receipts for what was sent, and calls to members; arrivals are the items themselves.
CREATE TABLE changes (
    key INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    message INTEGER NOT NULL  -- 0 with a call
) STRICT;

-- The newest change of each kind without a message: it takes the place of the one before.
CREATE TABLE calls (
    mailbox INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    change INTEGER NOT NULL,
    PRIMARY KEY (mailbox, kind)
) STRICT, WITHOUT ROWID;

-- Directories of content whose last holder is gone; they are removed after the commit, and again at start.
CREATE TABLE orphans (
    message INTEGER PRIMARY KEY,
    sender BLOB NOT NULL,
    message_id BLOB NOT NULL
) STRICT;
