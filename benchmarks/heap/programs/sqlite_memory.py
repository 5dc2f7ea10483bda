"""Rows of a database in memory that nobody deletes."""

import sqlite3

from innocent import work

store = sqlite3.connect(":memory:")
store.execute("create table seen (id integer, body text)")


def remember(number):
    store.execute("insert into seen values (?, ?)", (number, "x" * 9_000))  # culprit


while True:
    remember(work())
