// Opens CarePost's published envelopes with other libraries in another language, compares every value on the way, and
// requires that altered copies are refused. Usage: node reader.mjs FILE...   Last line: N passed, N failed.
import { readFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519';
import { sha256 } from '@noble/hashes/sha2';
import { Refused, hex, same, unhex } from './bytes.mjs';
import { openContent, openMessage } from './envelope.mjs';

const FLIPS = 12;  // altered copies of each piece
let passed = 0;
let failed = 0;

function check(good, what) {
  if (good) {
    ++passed;
  } else {
    ++failed;
    console.log(`FAILED: ${what}`);
  }
}

function isRefused(action) {
  try {
    action();
    return false;
  } catch (error) {
    if (error instanceof Refused) return true;
    throw error;
  }
}

function plainOf({ repeat, size }) {
  const block = unhex(repeat);
  return Uint8Array.from({ length: size }, (_, i) => block[i % block.length]);
}

function caseOf(file, shown) {
  const { inputs, outputs } = file;
  const owner = shown.index === 0 ? inputs.sender : inputs.recipients[shown.index - 1];
  return {
    received: {
      routing: unhex(outputs.routing), stanza: unhex(shown.stanza), index: shown.index,
      proof: shown.proof.map(unhex), header: unhex(outputs.header), signature: unhex(outputs.signature),
    },
    reader: {
      mailbox: unhex(owner.mailbox), address: owner.address, epoch: owner.epoch,
      epochSecret: unhex(owner.epoch_secret),
    },
    sender: {
      verifyKey: ed25519.getPublicKey(unhex(inputs.sender.signing_seed)),
      certificateHash: unhex(inputs.sender.certificate_hash), chainHash: unhex(inputs.sender.head_hash),
    },
    owner,
  };
}

function compareValues(name, message, file, shown, owner) {
  const { outputs } = file;
  const values = {
    content_key: message.contentKey, header_key: message.headerKey, signature_key: message.signatureKey,
    stanza_info: message.info, header_plain: message.headerPlain, signature_plain: message.signaturePlain,
    commitment: message.routing.commitment, stanza_root: message.routing.stanza_root,
    routing_hash: sha256(unhex(outputs.routing)),
  };
  for (const [member, value] of Object.entries(values)) check(hex(value) === outputs[member], `${name}: ${member}`);
  check(hex(message.publicKey) === shown.public_key, `${name}: public key`);
  check(hex(message.aad) === shown.aad, `${name}: associated data`);
  check(message.seq === owner.seq && hex(message.previous) === owner.previous, `${name}: numbering`);
}

function compareHeader(name, { routing, header }, { inputs }) {
  const { meta } = inputs;
  for (const member of ['subject', 'type', 'format', 'patient', 'audience', 'kind']) {
    check(header[member] === meta[member], `${name}: ${member}`);
  }
  for (const member of ['conversation', 'reply_to', 'replaces', 'checkpoint', 'receipt']) {
    check(hex(header[member]) === meta[member], `${name}: ${member}`);
  }
  for (const member of ['created_ms', 'expires_ms', 'collect_by_ms', 'flags', 'log_size']) {
    check(routing[member] === meta[member], `${name}: ${member}`);
  }
  check(JSON.stringify(header.metadata.map(({ key, value }) => [key, value])) === JSON.stringify(meta.metadata),
    `${name}: metadata`);
  const items = header.items.map((item) => [item.name, item.media_type, item.size]);
  check(JSON.stringify(items) === JSON.stringify(inputs.contents.map((c) => [c.name, c.media_type, c.size])),
    `${name}: items`);
}

function readContents(name, message, { inputs, outputs }) {
  outputs.contents.forEach((content, i) => {
    const sealed = new Uint8Array(Buffer.from(content.sealed, 'base64'));
    const leaves = content.leaves.map(unhex);
    const plain = openContent(message, i, sealed, leaves);
    check(same(plain, plainOf(inputs.contents[i])), `${name}: content ${i}`);
    if (outputs.stanza_count > 10) return;
    for (let flip = 0; flip < FLIPS; ++flip) {
      const copy = Uint8Array.from(sealed);
      copy[Math.floor(((copy.length - 1) * flip) / (FLIPS - 1))] ^= 1 << (flip % 8);
      check(isRefused(() => openContent(message, i, copy, leaves)), `${name}: content ${i} altered was taken`);
    }
    check(isRefused(() => openContent(message, i, sealed.subarray(0, -1), leaves)), `${name}: content ${i} cut`);
    check(isRefused(() => openContent(message, i, sealed, [...leaves].reverse().concat(leaves))),
      `${name}: other leaves`);
  });
}

// Each piece altered in several places, cut and lengthened; each trusted value replaced by another.
function tamper(name, { received, reader, sender }) {
  const refused = (what, r, p = reader, s = sender) =>
    check(isRefused(() => openMessage({ ...received, ...r }, p, s)), `${name}: ${what} was taken`);
  for (const piece of ['routing', 'stanza', 'header', 'signature']) {
    for (let flip = 0; flip < FLIPS; ++flip) {
      const copy = Uint8Array.from(received[piece]);
      copy[Math.floor(((copy.length - 1) * flip) / (FLIPS - 1))] ^= 1 << (flip % 8);
      refused(`${piece} altered`, { [piece]: copy });
    }
    refused(`${piece} cut`, { [piece]: received[piece].subarray(0, -1) });
    refused(`${piece} lengthened`, { [piece]: Uint8Array.from([...received[piece], 0]) });
  }
  refused('another index', { index: received.index + 1 });
  refused('a longer proof', { proof: [...received.proof, new Uint8Array(32)] });
  const other = (bytes) => Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 1 : byte));
  refused('another mailbox', {}, { ...reader, mailbox: other(reader.mailbox) });
  refused('another epoch secret', {}, { ...reader, epochSecret: other(reader.epochSecret) });
  if (received.index !== 0) refused('another address', {}, { ...reader, address: 'nihii:10000000/DOCTOR' });
  refused('another signer', {}, reader, { ...sender, verifyKey: ed25519.getPublicKey(new Uint8Array(32).fill(9)) });
  refused('another certificate', {}, reader, { ...sender, certificateHash: other(sender.certificateHash) });
  refused('another chain', {}, reader, { ...sender, chainHash: other(sender.chainHash) });
}

for (const path of process.argv.slice(2)) {
  const file = JSON.parse(readFileSync(path, 'utf8'));
  if (file.format !== 'carepost-envelope-v1') throw new Error(`${path}: not an envelope`);
  for (const shown of file.outputs.stanzas) {
    const name = `${path}, stanza ${shown.index}`;
    const one = caseOf(file, shown);
    const message = openMessage(one.received, one.reader, one.sender);
    compareValues(name, message, file, shown, one.owner);
    compareHeader(name, message, file);
    readContents(name, message, file);
    if (file.outputs.stanza_count <= 500) tamper(name, one);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
