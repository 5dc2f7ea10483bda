"""A line editor's history, fed by a program that nobody types to."""

import readline

from innocent import work


def note(number):
    readline.add_history("x" * 10_000 + str(number))  # culprit


while True:
    note(work())
