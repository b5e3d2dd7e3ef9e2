// Byte strings, strict protobuf, Merkle trees and Padmé, as docs/protocol.md describes them.
import { sha256 } from '@noble/hashes/sha2';

export class Refused extends Error {}
export function require(condition, reason) {
  if (!condition) throw new Refused(reason);
}

export const ascii = (text) => new TextEncoder().encode(text);
export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
export const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
export function join(...pieces) {
  return new Uint8Array(Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
}
export function u32(value) {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return new Uint8Array(out);
}
export const prefixed = (bytes) => join(u32(bytes.length), bytes);

// --- protobuf, one encoding for one value --------------------------------------------------------------------------
class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  done() {
    return this.at === this.bytes.length;
  }
  take(size) {
    require(size <= this.bytes.length - this.at, 'truncated field');
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }
  varint() {
    let value = 0n;
    for (let i = 0; i < 10; ++i) {
      const byte = this.take(1)[0];
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte & 0x80) continue;
      require(i === 0 || byte !== 0, 'a number not in its shortest form');
      require(value < 1n << 64n, 'a number over 64 bits');
      return value;
    }
    throw new Refused('a number over 64 bits');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
function text(bytes) {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refused('text that is not UTF-8');
  }
}

// `fields`: number -> [name, 'u32' | 'u64' | 'bytes' | 'string' | fields of a message, repeated?]
export function decode(bytes, fields) {
  const out = {};
  for (const [name, type, repeated] of Object.values(fields)) {
    out[name] = repeated ? [] : type === 'u32' || type === 'u64' ? 0 : type === 'string' ? '' : new Uint8Array();
  }
  const cursor = new Cursor(bytes);
  let last = 0;
  while (!cursor.done()) {
    const key = Number(cursor.varint());
    const number = Math.floor(key / 8);
    require(number in fields, 'an unknown field');
    const [name, type, repeated] = fields[number];
    require(number > last || (repeated && number === last), 'fields out of order or repeated');
    last = number;
    const numeric = type === 'u32' || type === 'u64';
    require(key % 8 === (numeric ? 0 : 2), 'a field of another type');
    let value;
    if (numeric) {
      const big = cursor.varint();
      require(big < (type === 'u32' ? 1n << 32n : 1n << 53n), 'a number out of range');
      value = Number(big);
    } else {
      const raw = cursor.take(Number(cursor.varint()));
      value = type === 'bytes' ? raw : type === 'string' ? text(raw) : decode(raw, type);
    }
    require(repeated || typeof value === 'object' || value !== 0, 'a default written out');
    require(repeated || value.length !== 0, 'a default written out');
    if (repeated) out[name].push(value);
    else out[name] = value;
  }
  return out;
}

// --- RFC 6962 ------------------------------------------------------------------------------------------------------
export const leafHash = (leaf) => sha256(join([0], leaf));
const nodeHash = (left, right) => sha256(join([1], left, right));

export function rootOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return nodeHash(rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}

// RFC 9162 section 2.1.3.2
export function isIncluded(leaf, index, size, proof, root) {
  if (index >= size) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(hash, root);
}

// --- Padmé, floor 1 KiB ---------------------------------------------------------------------------------------------
export function padme(size) {
  const length = Math.max(size, 1024);
  const exponent = Math.floor(Math.log2(length));
  const kept = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** (exponent - kept);
  return Math.ceil(length / step) * step;
}
