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
    Statement add_expiry{database, "INSERT OR IGNORE INTO expiries VALUES (?1)"};
    Statement remove_expiry{database, "DELETE FROM expiries WHERE key = ?1"};
    Statement add_envelope{database, "INSERT INTO envelopes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
    Statement update_message{database,
                             "UPDATE messages SET holders = holders + ?2, evidence = "
                             "coalesce(?3, evidence), own_seq = max(own_seq, ?4), placed = coalesce(?5, placed) "
                             "WHERE key = ?1"};
    Statement remove_holder{database, "UPDATE messages SET holders = holders - 1 WHERE key = ?1"};
    Statement holders{database, "SELECT holders FROM messages WHERE key = ?1"};
    Statement set_receipt_change{database, "UPDATE messages SET receipt_change = ?2 WHERE key = ?1"};
    Statement remove_envelope{database, "DELETE FROM envelopes WHERE message = ?1"};
    Statement add_orphan{database, "INSERT INTO orphans VALUES (?1, ?2, ?3)"};
    Statement remove_orphan{database, "DELETE FROM orphans WHERE message = ?1"};
    // Placements and changes.
    Statement counters{database,
                       "SELECT latest_change, messages, bytes, standing_by, standing_bytes FROM mailbox_counters "
                       "WHERE mailbox = ?1"};
    Statement set_counters{database,
                           "UPDATE mailbox_counters SET latest_change = ?2, messages = ?3, "
                           "bytes = ?4, standing_by = ?5, standing_bytes = ?6 WHERE mailbox = ?1"};
    Statement mailbox_id{database, "SELECT id FROM mailboxes WHERE key = ?1"};
    Statement address{database, "SELECT address FROM mailboxes WHERE key = ?1"};
    Statement add_placement{database, "INSERT INTO placements VALUES (?1, ?2, ?3, ?4, x'', NULL, NULL, NULL, NULL)"};
    Statement add_stanza{database, "INSERT INTO stanzas VALUES (?1, ?2)"};
    Statement add_item{database, "INSERT INTO items VALUES (?1, ?2, ?3)"};
    Statement set_receipt{database,
                          "UPDATE placements SET receipt = ?2 WHERE key = ?1 AND receipt = x'' AND state = 0"};
    Statement set_hand_over{database, "UPDATE placements SET hand_over = ?2 WHERE key = ?1"};
    // Nothing ends twice, and what was handed over neither expires nor is recalled.
    Statement end_placement{database,
                            "UPDATE placements SET state = ?2 WHERE key = ?1 AND ((state = 0 AND (?2 = 1 OR "
                            "receipt = x'')) OR (state = 4 AND ?2 IN (2, 3)))"};
    Statement set_ended{database, "UPDATE placements SET ended = ?2 WHERE key = ?1 AND state = ?3 AND ended IS NULL"};
    Statement set_stood_by{database, "UPDATE placements SET stood_by = ?2 WHERE key = ?1 AND state = 4"};
    Statement set_placed_by{database,
                            "UPDATE placements SET placed_by = ?2 WHERE key = ?1 AND state = 0 AND stood_by "
                            "IS NOT NULL"};
    Statement let_in{database, "UPDATE placements SET state = 0, seq = ?2 WHERE key = ?1 AND state = 4"};
    Statement add_stand_by{database, "INSERT INTO stand_by VALUES (?1, ?2)"};
    Statement remove_stand_by{database, "DELETE FROM stand_by WHERE key = ?1"};
    Statement first_standing{database,
                             "SELECT key, placement FROM stand_by WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT 1"};
    Statement live_placements{database,
                              "SELECT p.key, p.mailbox, b.id, p.seq, p.state, length(p.receipt) > 0 FROM placements p "
                              "CROSS JOIN mailboxes b ON b.key = p.mailbox WHERE p.key > ?1 AND p.key <= ?2 AND "
                              "p.state IN (0, 4) ORDER BY p.key LIMIT ?3"};
    Statement ending_message{database, "SELECT sender_member, routing_hash, expires FROM messages WHERE key = ?1"};
    Statement put_refusal{database,
                          "INSERT OR REPLACE INTO refusals (sender, message_id, evidence) VALUES (?1, ?2, ?3)"};
    Statement set_horizon{database, "INSERT OR REPLACE INTO expiry_horizon VALUES (1, ?1)"};
    Statement erase_evidence{
        database, "UPDATE evidence SET row = x'', salt = x'' WHERE number >= ?1 AND number < ?2 AND row <> x''"};
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
    Statement add_counters{database, "INSERT INTO mailbox_counters VALUES (?1, 0, 0, 0, 0, 0)"};
    Statement add_words{database,
                        "INSERT INTO mailbox_words (rowid, name, number, quality) "
                        "VALUES (?1, ?2, ?3, ?4)"};
    Statement remove_words{database,
                           "INSERT INTO mailbox_words (mailbox_words, rowid, name, number, quality) "
                           "VALUES ('delete', ?1, ?2, ?3, ?4)"};
    Statement set_certificate{database,
                              "UPDATE mailboxes SET name = ?2, certificate_not_before = ?3, "
                              "certificate_not_after = ?4 WHERE key = ?1"};
    Statement count_entries{database, "SELECT count(*) FROM log_entries WHERE mailbox = ?1 AND type = ?2"};
    Statement set_state{database, "UPDATE mailboxes SET state = ?2 WHERE key = ?1"};
    Statement set_chain_head{database,
                             "UPDATE mailboxes SET chain_length = ?2, chain_head = ?3, "
                             "epochs_until = ?4, current_epochs_from = ?5 WHERE key = ?1"};
    Statement add_invitation{database, "INSERT INTO invitations VALUES (?1, ?2, ?3)"};
    Statement remove_invitation{database, "DELETE FROM invitations WHERE transport_key = ?1"};
    Statement put_enrolment{database,
                            "INSERT INTO enrolments (mailbox, invitation, request, mac, received, state, reason) "
                            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (mailbox) DO UPDATE SET "
                            "invitation = ?2, request = ?3, mac = ?4, received = ?5, state = ?6, reason = ?7"};
    Statement newest_call{database, "SELECT change FROM calls WHERE mailbox = ?1 AND kind = ?2"};
    Statement set_call{database, "INSERT OR REPLACE INTO calls VALUES (?1, ?2, ?3)"};
    // Members.
    Statement add_member{database,
                         "INSERT INTO members (mailbox, id, signing_key, transport_key, rights, name, revoked, "
                         "kind, until, joined) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"};
    Statement set_member{database,
                         "UPDATE members SET rights = ?3, until = ?4, revoked = ?5 WHERE mailbox = ?1 AND id = ?2"};
    Statement remove_keys_of_member{database,
                                    "DELETE FROM sealing_keys WHERE epoch > ?1 AND epoch <= ?2 AND member = ?3"};
    Statement remove_packets_of_member{database,
                                       "DELETE FROM packets WHERE epoch > ?1 AND epoch <= ?2 AND member = ?3"};
    Statement remove_staged_of_member{
        database, "DELETE FROM staged_packets WHERE epoch > ?1 AND epoch <= ?2 AND (member = ?3 OR maker = ?3)"};
    Statement add_epoch{database, "INSERT OR IGNORE INTO epochs VALUES (?1, ?2, ?3, 0)"};
    Statement destroy_epoch{database, "UPDATE epochs SET destroyed = 1 WHERE key = ?1"};
    Statement epochs_over{database, "SELECT key FROM epochs WHERE destroyed = 0 AND not_after < ?1 LIMIT ?2"};
    Statement key_hash{database, "SELECT hash FROM sealing_keys WHERE epoch = ?1 AND member = ?2"};
    Statement count_unserved{database,
                             "SELECT count(*) FROM sealing_keys WHERE served = 0 AND epoch > ?1 AND epoch <= ?2 "
                             "AND member = ?3"};
    Statement put_key{database,
                      "INSERT INTO sealing_keys (epoch, member, hash, signed_object, served) "
                      "VALUES (?1, ?2, ?3, ?4, 0) ON CONFLICT (epoch, member) DO UPDATE SET "
                      "hash = ?3, signed_object = ?4, served = 0"};
    Statement serve_key{database,
                        "UPDATE sealing_keys SET served = 1, signed_object = x'' WHERE epoch = ?1 AND member = ?2"};
    Statement serve_published{database,
                              "UPDATE sealing_keys SET served = 1, signed_object = x'' WHERE epoch = ?1 AND member "
                              "IN (SELECT member FROM packets WHERE epoch = ?1)"};
    Statement remove_keys{database, "DELETE FROM sealing_keys WHERE epoch = ?1"};
    Statement count_staged{database, "SELECT count(*) FROM staged_packets WHERE epoch > ?1 AND epoch <= ?2"};
    Statement stage_packet{database,
                           "INSERT INTO staged_packets (epoch, maker, member, packet, stored) "
                           "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (epoch, maker, member) DO UPDATE SET "
                           "packet = ?4, stored = ?5"};
    Statement staged{database,
                     "SELECT member, packet FROM staged_packets WHERE epoch = ?1 AND maker = ?2 ORDER BY member"};
    Statement publish_staged{database,
                             "INSERT INTO packets (epoch, member, packet) SELECT epoch, member, packet FROM "
                             "staged_packets WHERE epoch = ?1 AND maker = ?2 ORDER BY member"};
    Statement add_packet{database, "INSERT OR IGNORE INTO packets (epoch, member, packet) VALUES (?1, ?2, ?3)"};
    Statement remove_packet{database, "DELETE FROM packets WHERE epoch = ?1 AND member = ?2"};
    Statement remove_packets{database, "DELETE FROM packets WHERE epoch = ?1"};
    Statement remove_staged{database, "DELETE FROM staged_packets WHERE epoch = ?1"};
    Statement remove_old_staged{database, "DELETE FROM staged_packets WHERE stored < ?1"};
    Statement count_pairings{database, "SELECT count(*) FROM pairings WHERE mailbox = ?1"};
    Statement put_pairing{database, "INSERT OR REPLACE INTO pairings VALUES (?1, ?2, ?3, ?4, ?5)"};
    Statement remove_pairing{database, "DELETE FROM pairings WHERE transport_key = ?1"};
    Statement remove_old_pairings{database, "DELETE FROM pairings WHERE expires <= ?1"};
    // Logs.
    Statement add_log_entry{database, "INSERT INTO log_entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"};
    Statement add_directory_node{database, "INSERT INTO directory_nodes VALUES (?1, ?2)"};
    Statement add_evidence{database, "INSERT INTO evidence VALUES (?1, ?2, ?3, ?4)"};
    Statement add_evidence_node{database, "INSERT INTO evidence_nodes VALUES (?1, ?2)"};
    Statement add_audit{database, "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"};
    Statement add_audit_node{database, "INSERT INTO audit_nodes VALUES (?1, ?2)"};
    Statement erase_audit{database,
                          "UPDATE audit SET row = x'', salt = x'', mailbox = NULL, member = NULL, message = NULL WHERE "
                          "number IN (SELECT number FROM audit WHERE row <> x'' AND time < ?1 ORDER BY time LIMIT ?2)"};
    Statement set_checkpoint{database, "INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3)"};
    Statement forget_stamped{database, "DELETE FROM stamped_checkpoints"};
    Statement forget_all_witnessed{database, "DELETE FROM witnessed_checkpoints"};
    Statement add_stamped{database, "INSERT OR IGNORE INTO stamped_checkpoints VALUES (?1, ?2)"};
    Statement set_note{database, "UPDATE checkpoints SET note = ?3 WHERE log = ?1 AND size = ?2"};
    Statement witnessed{database, "SELECT note FROM witnessed_checkpoints WHERE size = ?1"};
    Statement put_witnessed{database, "INSERT OR REPLACE INTO witnessed_checkpoints VALUES (?1, ?2)"};
    Statement forget_witnessed{database,
                               "DELETE FROM witnessed_checkpoints WHERE size NOT IN "
                               "(SELECT size FROM witnessed_checkpoints ORDER BY size DESC LIMIT ?1)"};
    Statement add_totals{database,
                         "UPDATE totals SET mailboxes = mailboxes + ?1, messages = messages + ?2, "
                         "stored_bytes = stored_bytes + ?3"};
};

}  // namespace carepost::store
