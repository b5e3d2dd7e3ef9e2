"""The mind of carepostd_evil (mind.h): sees each request and reply of each client and says what happens instead."""

import os
import socket
import struct
import threading
import traceback
from dataclasses import dataclass, field

from schema import wire


@dataclass
class Event:
    """One request, before (`reply` is None) or after the real broker answered. A lie edits `reply` and `raw`, or sets `replies` to
    what is sent instead: a list of (Reply or bytes, raw). Before the answer, `replies` are sent at once and `passes` says whether
    the broker gets the request."""

    key: bytes
    request: object  # wire.Request
    request_raw: bytes
    reply: object = None  # wire.Reply
    raw: bytes = b""
    replies: list | None = None
    passes: bool = True

    @property
    def op(self) -> str:
        return self.request.WhichOneof("op")

    @property
    def asked(self):
        """The operation's own message."""
        return getattr(self.request, self.op)

    @property
    def said(self):
        """The reply's own message, if the reply is of the operation's kind; else None."""
        if self.reply is None or self.reply.WhichOneof("result") != self.op:
            return None
        return getattr(self.reply, self.op)


@dataclass
class Seen:
    """What the broker saw of one client."""

    requests: list = field(default_factory=list)  # wire.Request
    replies: list = field(default_factory=list)   # (request, reply, raw) as the honest broker gave them
    lies: int = 0                                 # answers that differ from the honest ones


class Mind:
    def __init__(self, path):
        self.path = str(path)
        self.lock = threading.Lock()
        self.lies = {}   # transport key -> function of an Event
        self.seen = {}   # transport key -> Seen
        self.problems = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(4)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.socket.close()
        os.unlink(self.path)

    def lie(self, key: bytes, how):
        """From now on this client hears what `how` makes of the truth; None: the truth."""
        with self.lock:
            self.lies[key] = how

    def watch(self, key: bytes) -> Seen:
        """Begins to count anew."""
        with self.lock:
            self.seen[key] = Seen()
            return self.seen[key]

    def honest(self):
        with self.lock:
            self.lies = {}

    def _accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        def exactly(size):
            out = b""
            while len(out) < size:
                got = peer.recv(size - len(out))
                if not got:
                    raise EOFError
                out += got
            return out

        try:
            while True:
                question = exactly(struct.unpack(">I", exactly(4))[0])
                answer = self._answer(question)
                peer.sendall(struct.pack(">I", len(answer)) + answer)
        except (EOFError, OSError):
            peer.close()

    def _answer(self, question: bytes) -> bytes:
        kind, key, rest = question[0:1], question[1:33], question[33:]
        parts = []
        while rest:
            size = struct.unpack(">I", rest[:4])[0]
            parts.append(rest[4:4 + size])
            rest = rest[4 + size:]
        event = Event(key, wire.Request.FromString(parts[0]), parts[1])
        if kind == b"r":
            event.reply, event.raw = wire.Reply.FromString(parts[2]), parts[3]
        with self.lock:
            lie, seen = self.lies.get(key), self.seen.setdefault(key, Seen())
            if kind == b"q":
                seen.requests.append(event.request)
            else:
                seen.replies.append((event.request, wire.Reply.FromString(parts[2]), parts[3]))
            if lie:
                try:
                    lie(event)
                except Exception:  # a lie with a bug must not pass for an attack without effect
                    self.problems.append(traceback.format_exc())
            return self._request(event, parts, seen) if kind == b"q" else self._reply(event, parts, seen)

    @staticmethod
    def _request(event: Event, parts, seen: Seen) -> bytes:
        message = event.request.SerializeToString() if event.request != wire.Request.FromString(parts[0]) else parts[0]
        replies = frames(event.replies or [])
        if message != parts[0] or event.request_raw != parts[1] or event.replies is not None or not event.passes:
            seen.lies += 1
        return bytes([event.passes]) + sized(message) + sized(event.request_raw) + replies

    @staticmethod
    def _reply(event: Event, parts, seen: Seen) -> bytes:
        if event.replies is None:
            same = event.reply == wire.Reply.FromString(parts[2])
            event.replies = [(parts[2] if same else event.reply, event.raw)]
        out = frames(event.replies)
        if out != frames([(parts[2], parts[3])]):
            seen.lies += 1
        return out


def sized(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def frames(replies: list) -> bytes:
    """Each message is a wire.Reply or, for garbage, plain bytes."""
    out = struct.pack(">I", len(replies))
    for message, raw in replies:
        out += sized(message if isinstance(message, bytes) else message.SerializeToString()) + sized(raw)
    return out
