"""An office closed for three weeks still receives."""

import unittest

from support.network import DOCTOR, Network

AHEAD = ("faketime", "-f", "+21d")
CLOCK = {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}


class Holiday(unittest.TestCase):
    def test_an_office_closed_for_three_weeks_still_receives(self):
        with Network("holiday") as net:
            net.hospital("send", "--to", DOCTOR, "--subject", "before", "-", stdin="on the last day")
            net.broker.stop()
            net.broker.start(*AHEAD, env=CLOCK)
            # The doctor's computer has been off all the while: its last word to the broker is its enrolment.
            net.hospital("send", "--to", DOCTOR, "--subject", "meanwhile", "-", stdin="three weeks later", before=AHEAD, env=CLOCK)
            items = net.doctor("inbox", "--json", before=AHEAD, env=CLOCK).json_lines()
            self.assertEqual(sorted(i["subject"] for i in items), ["before", "meanwhile"])
            for item in items:
                wanted = b"on the last day" if item["subject"] == "before" else b"three weeks later"
                got = net.doctor("get", item["id"], "-o", "-", binary=True, before=AHEAD, env=CLOCK)
                self.assertEqual(got.out, wanted)
