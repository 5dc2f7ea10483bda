"""Parsed documents that stay in a list of those that were seen."""

import xml.etree.ElementTree as Tree

from innocent import work

SEEN = []
TEXT = "<rows>" + "".join(f"<row id='{n}'>{n}</row>" for n in range(40)) + "</rows>"


def receive():
    document = Tree.fromstring(TEXT)  # culprit
    SEEN.append(document)


while True:
    work()
    receive()
