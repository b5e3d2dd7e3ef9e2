#pragma once
// The writer's statements. Included by the two parts of SqliteTransaction only.

#include <sqlite3.h>

#include "broker/store/sqlite/transaction.h"

namespace carepost::store {

struct SqliteTransaction::Statements {
    explicit Statements(Database& connection) : database(connection) {}
    std::int64_t last_key() const { return sqlite3_last_insert_rowid(database.handle()); }

    Database& database;
    // Messages.
    Statement add_message{database,
                          "INSERT INTO messages (sender, message_id, sender_member, routing_hash, "
                          "stored, expires, size, in_files, evidence, holders, own_seq, "
                          "receipt_change) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, 0)"};
    Statement add_envelope{database, "INSERT INTO envelopes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
    Statement update_message{database,
                             "UPDATE messages SET holders = holders + ?2, evidence = "
                             "coalesce(?3, evidence), own_seq = max(own_seq, ?4) WHERE key = ?1"};
    Statement remove_holder{database, "UPDATE messages SET holders = holders - 1 WHERE key = ?1"};
    Statement holders{database, "SELECT holders FROM messages WHERE key = ?1"};
    Statement set_receipt_change{database, "UPDATE messages SET receipt_change = ?2 WHERE key = ?1"};
    Statement remove_envelope{database, "DELETE FROM envelopes WHERE message = ?1"};
    Statement add_orphan{database, "INSERT INTO orphans VALUES (?1, ?2, ?3)"};
    Statement remove_orphan{database, "DELETE FROM orphans WHERE message = ?1"};
    // Placements and changes.
    Statement counters{database,
                       "SELECT latest_change, messages, bytes FROM mailbox_counters "
                       "WHERE mailbox = ?1"};
    Statement set_counters{database,
                           "UPDATE mailbox_counters SET latest_change = ?2, messages = ?3, "
                           "bytes = ?4 WHERE mailbox = ?1"};
    Statement address{database, "SELECT address FROM mailboxes WHERE key = ?1"};
    Statement add_placement{database, "INSERT INTO placements VALUES (?1, ?2, ?3, 0, x'', NULL)"};
    Statement add_stanza{database, "INSERT INTO stanzas VALUES (?1, ?2)"};
    Statement add_item{database, "INSERT INTO items VALUES (?1, ?2, ?3)"};
    Statement set_receipt{database, "UPDATE placements SET receipt = ?2 WHERE key = ?1 AND receipt = x''"};
    Statement set_hand_over{database, "UPDATE placements SET hand_over = ?2 WHERE key = ?1"};
    Statement mark_deleted{database, "UPDATE placements SET deleted = 1 WHERE key = ?1"};
    Statement remove_stanza{database, "DELETE FROM stanzas WHERE key = ?1"};
    Statement remove_item{database, "DELETE FROM items WHERE key = ?1"};
    Statement add_change{database, "INSERT INTO changes VALUES (?1, ?2, ?3, ?4)"};
    Statement remove_change{database, "DELETE FROM changes WHERE key = ?1"};
    // Directory.
    Statement add_mailbox{database,
                          "INSERT INTO mailboxes (id, label, address, name, state, chain_length, "
                          "chain_head, certificate_not_before, certificate_not_after, "
                          "epochs_until, current_epochs_from) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"};
    Statement add_counters{database, "INSERT INTO mailbox_counters VALUES (?1, 0, 0, 0)"};
    Statement add_words{database,
                        "INSERT INTO mailbox_words (rowid, name, number, quality) "
                        "VALUES (?1, ?2, ?3, ?4)"};
    Statement add_member{database,
                         "INSERT INTO members (mailbox, id, signing_key, transport_key, rights, "
                         "name, revoked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
    Statement set_state{database, "UPDATE mailboxes SET state = ?2 WHERE key = ?1"};
    Statement set_chain_head{database,
                             "UPDATE mailboxes SET chain_length = ?2, chain_head = ?3, "
                             "epochs_until = ?4 WHERE key = ?1"};
    Statement add_invitation{database, "INSERT INTO invitations VALUES (?1, ?2, ?3)"};
    Statement remove_invitation{database, "DELETE FROM invitations WHERE transport_key = ?1"};
    Statement put_enrolment{database,
                            "INSERT INTO enrolments (mailbox, invitation, request, mac, received, state, reason) "
                            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (mailbox) DO UPDATE SET "
                            "invitation = ?2, request = ?3, mac = ?4, received = ?5, state = ?6, reason = ?7"};
    // Logs.
    Statement add_log_entry{database, "INSERT INTO log_entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"};
    Statement add_directory_node{database, "INSERT INTO directory_nodes VALUES (?1, ?2)"};
    Statement add_evidence{database, "INSERT INTO evidence VALUES (?1, ?2, ?3, ?4)"};
    Statement add_evidence_node{database, "INSERT INTO evidence_nodes VALUES (?1, ?2)"};
    Statement set_checkpoint{database, "INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3)"};
    Statement add_totals{database,
                         "UPDATE totals SET mailboxes = mailboxes + ?1, messages = messages + ?2, "
                         "stored_bytes = stored_bytes + ?3"};
};

}  // namespace carepost::store
