"""What a malicious broker can compute: signatures under keys it holds, signed notes, Merkle trees of RFC 6962."""

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import struct
import time

_sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
assert _sodium.sodium_init() >= 0


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


class SigningKey:
    """An Ed25519 key from its seed."""

    def __init__(self, seed: bytes):
        public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
        assert len(seed) == 32 and _sodium.crypto_sign_seed_keypair(public, secret, seed) == 0
        self.public, self._secret = public.raw, secret

    def raw(self, data: bytes) -> bytes:
        out = ctypes.create_string_buffer(64)
        assert _sodium.crypto_sign_detached(out, None, data, ctypes.c_ulonglong(len(data)), self._secret) == 0
        return out.raw

    def labelled(self, label: str, data: bytes) -> bytes:
        """docs/protocol.md, "Signatures"."""
        return self.raw(b"carepost/v1/" + label.encode() + b"\0" + hashlib.sha512(data).digest())


def open_sealed(box: bytes, nonce: bytes, aad: bytes, key: bytes) -> bytes:
    """XChaCha20-Poly1305."""
    out, size = ctypes.create_string_buffer(len(box)), ctypes.c_ulonglong()
    assert _sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(out, ctypes.byref(size), None, box, ctypes.c_ulonglong(len(box)), aad,
                                                              ctypes.c_ulonglong(len(aad)), nonce, key) == 0
    return out.raw[:size.value]


def hkdf_expand_sha512(key: bytes, info: bytes) -> bytes:
    """The first 64 bytes."""
    return hmac.new(key, info + b"\1", hashlib.sha512).digest()


def transport_key(secret: bytes) -> bytes:
    """The public half of a Curve25519 key."""
    out = ctypes.create_string_buffer(32)
    assert _sodium.crypto_scalarmult_curve25519_base(out, secret) == 0
    return out.raw


def checkpoint(origin: str, size: int, root: bytes, key: SigningKey, seconds=None) -> bytes:
    """A signed head of a log (C2SP tlog-checkpoint) with the log's own time stamp (cosignature/v1) of these seconds; now, unless told."""
    seconds = int(time.time()) if seconds is None else seconds
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()

    def line(kind: int, signature: bytes) -> bytes:
        key_id = sha256(origin.encode() + b"\n" + bytes([kind]) + key.public)[:4]
        return b"\xe2\x80\x94 " + origin.encode() + b" " + base64.b64encode(key_id + signature) + b"\n"

    stamped = f"cosignature/v1\ntime {seconds}\n".encode() + text
    return text + b"\n" + line(1, key.raw(text)) + line(4, struct.pack(">Q", seconds) + key.raw(stamped))


def checkpoint_size(note: bytes) -> int:
    return int(note.split(b"\n")[1])


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\0", leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1", left, right)


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def root_of(hashes: list) -> bytes:
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = _split(len(hashes))
    return node_hash(root_of(hashes[:k]), root_of(hashes[k:]))


def inclusion(hashes: list, index: int) -> list:
    """The proof that leaf `index` stands in the tree of all these."""
    if len(hashes) <= 1:
        return []
    k = _split(len(hashes))
    if index < k:
        return inclusion(hashes[:k], index) + [root_of(hashes[k:])]
    return inclusion(hashes[k:], index - k) + [root_of(hashes[:k])]


def consistency(hashes: list, old: int, whole=True) -> list:
    """The proof that the first `old` of these are the beginning of all."""
    if old == len(hashes):
        return [] if whole else [root_of(hashes)]
    k = _split(len(hashes))
    if old <= k:
        return consistency(hashes[:k], old, whole) + [root_of(hashes[k:])]
    return consistency(hashes[k:], old - k, False) + [root_of(hashes[:k])]


def tree_verifies(hashes: list, index: int, proof: list, root: bytes) -> bool:
    """RFC 9162, 2.1.3.2: for the self-test of this file, written independently of `inclusion`."""
    fn, sn, value = index, len(hashes) - 1, hashes[index]
    for node in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            value = node_hash(node, value)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            value = node_hash(value, node)
        fn >>= 1
        sn >>= 1
    return sn == 0 and value == root
