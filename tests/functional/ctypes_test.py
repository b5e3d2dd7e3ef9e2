"""The C interface as other languages meet it: Python's ctypes, nothing else between."""

import ctypes as c
import re
import threading
import unittest

from support.network import DOCTOR, HOSPITAL, OTHERS, Network
from support.place import ROOT, build_dir

READ = c.CFUNCTYPE(c.c_int64, c.c_void_p, c.c_void_p, c.c_size_t)
WRITE = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_size_t)
PROGRESS = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int, c.c_uint64, c.c_uint64)
EVENT = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p)
NO_PROGRESS = PROGRESS()

BAD_ARGUMENT, BAD_ADDRESS, NOT_ENROLLED, CANCELLED = 101, 100, 115, 119
INBOX, ARRIVED = 1, 1


class CarePostError(Exception):
    def __init__(self, code, name, message, hint):
        super().__init__(f"{name}: {message} ({hint})")
        self.code, self.hint = code, hint


class Library:
    """libcarepost with the result types of the functions used here."""

    TEXTS = ("version_text error_name error_message error_hint draft_id sent_id message_id message_subject message_sender "
             "event_message_id status_address receipt_message_id sent_receipt_file identity_address enrolment_address").split()
    HANDLES = "options_new draft_new messages_at".split()
    PLAIN = {"version": c.c_uint32, "version_check": c.c_int, "error_code": c.c_int, "error_class": c.c_int, "messages_count": c.c_size_t,
             "message_content_size": c.c_uint64, "event_kind": c.c_int, "event_fd": c.c_int, "status_state": c.c_int,
             "status_count": c.c_size_t, "sent_recipients": c.c_size_t, "enrolment_state": c.c_int, "receipt_is_verified": c.c_int,
             "message_is_received": c.c_int}
    VOID = ("error_free options_free close cancel draft_free sent_free message_free messages_free event_free status_free identity_free "
            "receipt_free enrolment_free").split()

    def __init__(self):
        self.raw = c.CDLL(str(build_dir() / "lib" / "libcarepost.so"))
        for names, result in ((self.TEXTS, c.c_char_p), (self.HANDLES, c.c_void_p), (self.VOID, None)):
            for name in names:
                getattr(self.raw, f"carepost_{name}").restype = result
        for name, result in self.PLAIN.items():
            getattr(self.raw, f"carepost_{name}").restype = result

    def text(self, name, *args) -> str:
        return getattr(self.raw, f"carepost_{name}")(*args).decode()

    def plain(self, name, *args):
        return getattr(self.raw, f"carepost_{name}")(*args)

    def call(self, name, *args):
        """Calls a function that can fail; raises what it returns."""
        function = getattr(self.raw, f"carepost_{name}")
        function.restype = c.c_void_p
        error = function(*args)
        if error:
            error = c.c_void_p(error)
            told = CarePostError(self.plain("error_code", error), self.text("error_name", error), self.text("error_message", error),
                                 self.text("error_hint", error))
            self.plain("error_free", error)
            raise told

    def make(self, name, *args) -> c.c_void_p:
        """The same for functions whose last parameter is the handle they make."""
        handle = c.c_void_p()
        self.call(name, *args, c.byref(handle))
        return handle

    def options(self, home) -> c.c_void_p:
        options = c.c_void_p(self.plain("options_new"))
        self.call("options_set_home", options, str(home).encode())
        self.call("options_set_software", options, b"ctypes test")
        return options


class WithoutNetwork(unittest.TestCase):
    def setUp(self):
        self.library = Library()

    def test_the_version_can_be_checked_before_anything_else(self):
        version = self.library.plain("version")
        self.assertEqual(self.library.plain("version_check", version), 1)
        self.assertEqual(self.library.plain("version_check", version + (1 << 16)), 0)
        self.assertEqual(self.library.plain("version_check", version + 1), 0)
        self.assertRegex(self.library.text("version_text"), r"^\d+\.\d+\.\d+$")

    def test_null_is_refused_by_name_and_freed_without_harm(self):
        for name, args, argument in (("options_set_home", (None, b"x"), "options"), ("send", (None, None, 0, None), "client"),
                                     ("address_parse", (None, c.byref(c.c_void_p())), "address"), ("open", (None, None), "options")):
            with self.assertRaises(CarePostError) as caught:
                self.library.call(name, *args)
            self.assertEqual(caught.exception.code, BAD_ARGUMENT)
            self.assertIn(f"`{argument}`", str(caught.exception))
        for name in Library.VOID:
            self.library.plain(name, None)
        self.assertEqual(self.library.text("draft_id", None), "")

    def test_every_function_of_the_header_is_exported_and_survives_null(self):
        header = (ROOT / "client-lib" / "include" / "carepost" / "carepost.h").read_text()
        header = re.sub(r"/\*.*?\*/|^#.*?$", "", header, flags=re.S | re.M)
        functions = re.findall(r"(CAREPOST_FALLIBLE|CAREPOST_API [\w ]+?)\s*(\*?)\s*\bcarepost_(\w+)\(([^)]*)\);", header)
        self.assertGreater(len(functions), 180)
        for kind, pointer, name, parameters in functions:
            if parameters.strip() == "void":
                continue
            nothing = [c.c_void_p()] * (parameters.count(",") + 1)
            with self.subTest(name):
                if kind == "CAREPOST_FALLIBLE":
                    with self.assertRaises(CarePostError) as caught:
                        self.library.call(name, *nothing)
                    self.assertEqual(caught.exception.code, BAD_ARGUMENT)
                else:
                    function = c.CDLL(self.library.raw._name)[f"carepost_{name}"]
                    function.restype = c.c_char_p if "char" in kind else c.c_void_p if pointer else c.c_uint64
                    self.assertIn(function(*nothing) or 0, (0, b"", 2**32 - 1))

    def test_an_address_is_checked_without_a_network(self):
        with self.assertRaises(CarePostError) as caught:
            self.library.make("address_parse", b"nihii:19234012/DOCTOR")
        self.assertEqual(caught.exception.code, BAD_ADDRESS)
        self.assertTrue(caught.exception.hint)

    def test_an_empty_home_says_that_it_is_empty(self):
        options = self.library.options("/nonexistent")
        with self.assertRaises(CarePostError) as caught:
            self.library.make("open", options)
        self.assertEqual(caught.exception.code, NOT_ENROLLED)
        self.library.plain("options_free", options)

    def test_a_draft_refuses_what_no_broker_would_take(self):
        draft = c.c_void_p(self.library.plain("draft_new"))
        self.assertRegex(self.library.text("draft_id", draft), r"^[0-9a-f]{32}$")
        for name, *args in (("draft_set_subject", b"x" * 401), ("draft_set_id", b"7f3a"), ("draft_add_recipient", b"nobody"),
                            ("draft_set_expires", c.c_int64(-1))):
            with self.assertRaises(CarePostError, msg=name):
                self.library.call(name, draft, *args)
        self.library.plain("draft_free", draft)


class WithBroker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.net = Network("ctypes", practices={"hospital": HOSPITAL})
        cls.addClassCleanup(cls.net.__exit__, None, None, None)
        cls.library = Library()
        cls.homes = {who: cls.enrol(who, address) for who, address in (("sender", OTHERS[0]), ("reader", DOCTOR))}

    @classmethod
    def enrol(cls, who, address):
        home = cls.net.dir / f"{who}-home"
        home.mkdir(mode=0o700)
        options = cls.library.options(home)
        code = cls.net.registrar.invite(address, f"Practice {who}")
        enrolment = cls.library.make("enrol_with_invitation", options, str(cls.net.broker.file).encode(), code.encode(), None,
                                     f"Practice {who}".encode(), 20_000)
        assert cls.library.text("enrolment_address", enrolment) == address
        cls.library.plain("enrolment_free", enrolment)
        cls.library.plain("options_free", options)
        return home

    def opened(self, who) -> c.c_void_p:
        options = self.library.options(self.homes[who])
        client = self.library.make("open", options)
        self.addCleanup(self.library.plain, "close", client)
        self.library.plain("options_free", options)
        return client

    def send(self, client, subject: bytes, pieces: list) -> str:
        """Sends through a read callback, never more than one piece a call; returns the id."""
        left = list(pieces)

        def read(_user, buffer, size):
            piece = left.pop(0) if left else b""
            if len(piece) > size:
                left.insert(0, piece[size:])
            c.memmove(buffer, piece[:size], len(piece[:size]))
            return len(piece[:size])

        library, callback = self.library, READ(read)
        draft = c.c_void_p(library.plain("draft_new"))
        library.call("draft_add_recipient", draft, DOCTOR.encode())
        library.call("draft_set_subject", draft, subject)
        library.call("draft_set_body_reader", draft, b"stream.bin", None, callback, None)
        library.call("draft_attach_memory", draft, b"note.txt", b"text/plain", b"by memory", c.c_size_t(9))
        sent = library.make("send", client, draft, 20_000)
        self.assertEqual(library.plain("sent_recipients", sent), 1)
        self.receipt = library.text("sent_receipt_file", sent)
        message = library.text("sent_id", sent)
        self.assertEqual(message, library.text("draft_id", draft))
        library.plain("sent_free", sent)
        library.plain("draft_free", draft)
        return message

    def content(self, client, message, index) -> bytes:
        out = []

        def write(_user, data, size):
            out.append(c.string_at(data, size))
            return 0

        self.library.call("get_to_writer", client, message, c.c_size_t(index), WRITE(write), None, NO_PROGRESS, None, 20_000)
        return b"".join(out)

    def test_a_message_travels_from_a_read_callback_to_a_write_callback(self):
        library, pieces = self.library, [bytes([i]) * 10_000 for i in range(40)]
        sender, reader = self.opened("sender"), self.opened("reader")
        seen, arrived, threads = [], threading.Event(), []

        def on_event(_user, event):
            event = c.c_void_p(event)
            if library.plain("event_kind", event) == ARRIVED:
                seen.append(library.text("event_message_id", event))
                threads.append(threading.get_native_id())
                arrived.set()
            library.plain("event_free", event)

        callback = EVENT(on_event)
        library.call("set_event_callback", reader, callback, None)
        library.call("watch", reader, c.c_uint64(0), 20_000)
        wanted = self.send(sender, b"By callback", pieces)
        self.assertTrue(arrived.wait(20), "no event came")
        self.assertEqual(seen, [wanted])
        self.assertNotEqual(threads[0], threading.get_native_id(), "the event came from a foreign thread")
        library.call("set_event_callback", reader, EVENT(), None)

        message = library.make("message_get", reader, wanted[:12].encode(), 20_000)
        self.assertEqual(library.text("message_subject", message), "By callback")
        self.assertEqual(library.text("message_sender", message), OTHERS[0])
        self.assertEqual(self.content(reader, message, 0), b"".join(pieces))
        self.assertEqual(self.content(reader, message, 1), b"by memory")
        library.call("acknowledge", reader, message, 20_000)
        library.plain("message_free", message)

        status = library.make("status_get", sender, wanted.encode(), 20_000)
        self.assertEqual((library.plain("status_count", status), library.plain("status_state", status, c.c_size_t(0))), (1, 2))
        library.plain("status_free", status)
        options = library.options(self.homes["sender"])
        receipt = library.make("receipt_verify", options, None, self.receipt.encode())
        self.assertEqual(library.text("receipt_message_id", receipt), wanted)
        self.assertEqual(library.plain("receipt_is_verified", receipt), 1)
        library.plain("receipt_free", receipt)
        library.plain("options_free", options)

    def test_a_reader_that_fails_sends_nothing_and_a_writer_that_stops_gets_an_error(self):
        library, client = self.library, self.opened("sender")
        draft = c.c_void_p(library.plain("draft_new"))
        library.call("draft_add_recipient", draft, DOCTOR.encode())
        failing = READ(lambda _user, _buffer, _size: -1)
        library.call("draft_set_body_reader", draft, None, None, failing, None)
        with self.assertRaises(CarePostError):
            library.make("send", client, draft, 20_000)
        library.plain("draft_free", draft)

    def test_cancelling_from_another_thread_ends_a_call_that_waits(self):
        library, client = self.library, self.opened("reader")
        library.call("watch", client, c.c_uint64(2**64 - 1), 20_000)
        timer = threading.Timer(0.2, lambda: library.plain("cancel", client))
        timer.start()
        with self.assertRaises(CarePostError) as caught:
            while True:
                event = library.make("next_event", client, 60_000)
                library.plain("event_free", event)
        self.assertEqual(caught.exception.code, CANCELLED)
        timer.join()


if __name__ == "__main__":
    unittest.main()
