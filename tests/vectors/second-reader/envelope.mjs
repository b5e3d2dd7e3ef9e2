// Reads envelope v1 after docs/protocol.md, on the @noble libraries alone.
import { gcm } from '@noble/ciphers/aes';
import { chacha20poly1305 } from '@noble/ciphers/chacha';
import { ed25519, x25519 } from '@noble/curves/ed25519';
import { expand, extract } from '@noble/hashes/hkdf';
import { sha256, sha512 } from '@noble/hashes/sha2';
import { sha3_256, shake256 } from '@noble/hashes/sha3';
import { ml_kem768 } from '@noble/post-quantum/ml-kem';
import { ascii, decode, hex, isIncluded, join, leafHash, padme, prefixed, require, rootOf, same, u32 } from './bytes.mjs';

const CHUNK = 16384;
const SEALED_CHUNK = CHUNK + 16;
const PART = 8 * SEALED_CHUNK;
const STREAM_HEADER = 56;
const NAMED_MOST = 500;

const ROUTING = {
  1: ['version', 'u32'], 2: ['message_id', 'bytes'], 3: ['sender_mailbox', 'bytes'], 4: ['sender_member', 'bytes'],
  5: ['created_ms', 'u64'], 6: ['expires_ms', 'u64'], 7: ['collect_by_ms', 'u64'], 8: ['flags', 'u32'],
  9: ['commitment', 'bytes'], 10: ['header_length', 'u32'], 11: ['header_hash', 'bytes'],
  12: ['contents', { 1: ['sealed_length', 'u64'], 2: ['root', 'bytes'] }, true],
  13: ['stanza_count', 'u32'], 14: ['stanza_root', 'bytes'], 15: ['log_size', 'u64'],
};
const HEADER = {
  1: ['version', 'u32'], 2: ['kind', 'u32'],
  3: ['addressees',
    { 1: ['address', 'string'], 2: ['mailbox', 'bytes'], 3: ['head_seq', 'u64'], 4: ['head_hash', 'bytes'] }, true],
  4: ['subject', 'string'], 5: ['type', 'string'], 6: ['format', 'string'], 7: ['patient', 'string'],
  8: ['conversation', 'bytes'], 9: ['reply_to', 'bytes'], 10: ['replaces', 'bytes'],
  11: ['metadata', { 1: ['key', 'string'], 2: ['value', 'string'] }, true],
  12: ['items', { 1: ['name', 'string'], 2: ['media_type', 'string'], 3: ['size', 'u64'], 4: ['key', 'bytes'] }, true],
  13: ['checkpoint', 'bytes'], 14: ['receipt', 'bytes'], 15: ['audience', 'string'],
  16: ['evidence_checkpoint', 'bytes'],
};
const SIGNATURE = {
  1: ['version', 'u32'], 2: ['certificate_hash', 'bytes'], 3: ['chain_seq', 'u64'], 4: ['chain_hash', 'bytes'],
  5: ['signature', 'bytes'],
};

// An authenticated cipher that throws is a refusal like any other.
function opened(cipher, sealed) {
  require(sealed.length >= 16, 'shorter than its tag');
  try {
    return cipher.decrypt(sealed);
  } catch {
    require(false, 'does not open');
  }
}

// --- X-Wing (draft-connolly-cfrg-xwing-kem) and HPKE (RFC 9180) -------------------------------------------------------
function xwingKeys(seed) {
  const expanded = shake256(seed, { dkLen: 96 });
  const mlkem = ml_kem768.keygen(expanded.subarray(0, 64));
  const secret = expanded.subarray(64, 96);
  const point = x25519.getPublicKey(secret);
  return { mlkem, secret, point, publicKey: join(mlkem.publicKey, point) };
}

function xwingDecapsulate(enc, keys) {
  const lattice = ml_kem768.decapsulate(enc.subarray(0, 1088), keys.mlkem.secretKey);
  const point = enc.subarray(1088);
  const curve = x25519.getSharedSecret(keys.secret, point);
  return sha3_256(join(lattice, curve, point, keys.point, ascii('\\.//^\\')));
}

const SUITE = join(ascii('HPKE'), [0x64, 0x7a, 0, 1, 0, 3]);
const labeledExtract = (salt, label, key) => extract(sha256, join(ascii('HPKE-v1'), SUITE, ascii(label), key), salt);
const labeledExpand = (key, label, info, size) =>
  expand(sha256, key, join([size >> 8, size & 0xff], ascii('HPKE-v1'), SUITE, ascii(label), info), size);

function hpkeOpen(shared, info, aad, sealed) {
  const none = new Uint8Array();
  const schedule = join([0], labeledExtract(none, 'psk_id_hash', none), labeledExtract(none, 'info_hash', info));
  const secret = labeledExtract(shared, 'secret', none);
  const key = labeledExpand(secret, 'key', schedule, 32);
  const nonce = labeledExpand(secret, 'base_nonce', schedule, 12);
  return opened(chacha20poly1305(key, nonce, aad), sealed);
}

// --- keys of a message -----------------------------------------------------------------------------------------------
const derive = (key, purpose, ...rest) => expand(sha512, key, join(ascii('carepost/v1/' + purpose), ...rest), 32);
const openOnce = (key, sealed) => opened(chacha20poly1305(key, new Uint8Array(12)), sealed);

function unwrap(routing, stanza, epochSecret) {
  const keys = xwingKeys(derive(epochSecret, 'kem'));
  const mailbox = stanza.subarray(0, 16);
  const info = join(
    prefixed(ascii('carepost/v1/xwing-hkdf-sha256-chacha20poly1305')), prefixed(routing.message_id),
    prefixed(routing.sender_mailbox), prefixed(routing.sender_member));
  const aad = join(
    prefixed(ascii('stanza')), prefixed(mailbox), prefixed(stanza.subarray(16, 20)), prefixed(routing.commitment));
  const plain = hpkeOpen(xwingDecapsulate(stanza.subarray(20, 1140), keys), info, aad, stanza.subarray(1140));
  return {
    contentKey: plain.subarray(0, 32),
    seq: Number(Buffer.from(plain.subarray(32, 40)).readBigUInt64BE()),
    previous: plain.subarray(40),
    info, aad, publicKey: keys.publicKey,
  };
}

// --- contents ----------------------------------------------------------------------------------------------------------
function plainLength(sealedLength) {
  const chunks = sealedLength - STREAM_HEADER;
  const last = chunks % SEALED_CHUNK;
  require(chunks >= 16 && last >= 16, 'impossible length of a content');
  return Math.floor(chunks / SEALED_CHUNK) * CHUNK + last - 16;
}

function partsOf(sealed) {
  const parts = [];
  for (let at = 0; at < sealed.length;) {
    const end = Math.min(sealed.length, at === 0 ? STREAM_HEADER + PART : at + PART);
    parts.push(sealed.subarray(at, end));
    at = end;
  }
  return parts;
}

// c2sp.org/chunked-encryption, Cobblestone-256
function openStream(key, context, sealed) {
  const derived = expand(sha512, key,
    join(ascii('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM'), [0], sealed.subarray(0, 24), context), 76);
  require(same(derived.subarray(44), sealed.subarray(24, 56)), 'another key or context was committed to');
  const pieces = [];
  for (let at = STREAM_HEADER, index = 0; at < sealed.length; at += SEALED_CHUNK, ++index) {
    const nonce = Uint8Array.from(derived.subarray(32, 44));
    for (let i = 0; i < 4; ++i) nonce[11 - i] ^= (index >>> (8 * i)) & 0xff;
    pieces.push(opened(gcm(derived.subarray(0, 32), nonce), sealed.subarray(at, at + SEALED_CHUNK)));
  }
  return join(...pieces);
}

export function openContent(message, index, sealed, leaves) {
  const { routing, header } = message;
  const content = routing.contents[index];
  const item = header.items[index];
  require(sealed.length === content.sealed_length, 'a content of another length');
  require(same(rootOf(leaves), content.root), 'leaf hashes that do not make up the root');
  const parts = partsOf(sealed);
  require(parts.length === leaves.length, 'another number of parts');
  parts.forEach((part, i) => require(same(leafHash(part), leaves[i]), `part ${i} is another`));
  const key = index === 0 ? derive(message.contentKey, 'body', routing.message_id) : item.key;
  const plain = openStream(key, join(routing.message_id, u32(index)), sealed);
  require(plain.subarray(item.size).every((byte) => byte === 0), 'padding that is not empty');
  return plain.subarray(0, item.size);
}

// --- the whole -----------------------------------------------------------------------------------------------------------
function checkAddressees(routing, header, reader) {
  if (routing.stanza_count > 1 + NAMED_MOST) {
    require(header.addressees.length === 0 && header.audience !== '', 'a broadcast without audience');
    return;
  }
  const named = header.addressees.map((addressee) => hex(addressee.mailbox));
  require(named.length > 0 && header.audience === '', 'no addressees');
  require(new Set(named).size === named.length, 'an addressee twice');
  require(new Set([...named, hex(routing.sender_mailbox)]).size === routing.stanza_count, 'somebody is not named');
  if (same(reader.mailbox, routing.sender_mailbox)) return;
  require(header.addressees.some((a) => same(a.mailbox, reader.mailbox) && a.address === reader.address),
    'this mailbox is not addressed');
}

function unpad(padded) {
  require(padded.length % 1024 === 0 && padded.length > 0, 'a header of odd length');
  const length = Buffer.from(padded).readUInt32BE();
  require(length + 4 <= padded.length && padded.length - length - 4 < 1024, 'a header padded too much');
  require(padded.subarray(4 + length).every((byte) => byte === 0), 'header padding that is not empty');
  return padded.subarray(4, 4 + length);
}

// received: routing, stanza, index, proof, header, signature. reader: mailbox, address, epoch, epochSecret.
// sender: verifyKey, certificateHash, chainHash, all from the verified directory.
export function openMessage(received, reader, sender) {
  require(received.routing.length <= 8192 && received.header.length <= 65536, 'too large');
  const routing = decode(received.routing, ROUTING);
  require(routing.version === 1 && (routing.flags & ~15) === 0, 'an unknown version');
  require(received.stanza.length === 1228, 'a stanza of another size');
  const epoch = Buffer.from(received.stanza).readUInt32BE(16);
  require(epoch === reader.epoch, 'an epoch without a key');
  const wrapped = unwrap(routing, received.stanza, reader.epochSecret);
  require(same(derive(wrapped.contentKey, 'commit', routing.message_id), routing.commitment), 'another content key');
  require(received.header.length === routing.header_length && same(sha256(received.header), routing.header_hash),
    'another header');
  const signatureKey = derive(wrapped.contentKey, 'signature', routing.message_id, routing.stanza_root);
  const signaturePlain = openOnce(signatureKey, received.signature);
  const part = decode(signaturePlain, SIGNATURE);
  require(part.version === 1, 'an unknown version');
  require(same(part.certificate_hash, sender.certificateHash) && same(part.chain_hash, sender.chainHash),
    'an unknown certificate or chain');
  const transcript = join(ascii('carepost/v1/message'), [0], sha512(received.routing));
  require(part.signature.length === 64 &&
    ed25519.verify(part.signature, transcript, sender.verifyKey, { zip215: false }), 'a wrong signature');
  require(isIncluded(leafHash(received.stanza), received.index, routing.stanza_count, received.proof,
    routing.stanza_root), 'a stanza that is not in the tree');
  require(same(received.stanza.subarray(0, 16), reader.mailbox), 'a stanza for another mailbox');
  const headerKey = derive(wrapped.contentKey, 'header', routing.message_id, routing.stanza_root);
  const headerPlain = unpad(openOnce(headerKey, received.header));
  const header = decode(headerPlain, HEADER);
  require(header.version === 1 && header.kind <= 1, 'an unknown version or kind');
  require(header.items.length === routing.contents.length, 'another number of contents');
  header.items.forEach((item, i) => {
    require(plainLength(routing.contents[i].sealed_length) === padme(item.size), 'a content padded otherwise');
    require(item.key.length === (i === 0 ? 0 : 32), 'a key of another length');
  });
  checkAddressees(routing, header, reader);
  return { routing, header, ...wrapped, headerKey, headerPlain, signatureKey, signaturePlain };
}
