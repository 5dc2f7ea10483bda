"""Cycles, in a program that has switched the collector off."""

import gc

from innocent import work

gc.disable()


class Node:
    def __init__(self, number):
        self.itself = self
        self.body = [str(number)] * 1_200  # culprit


while True:
    Node(work())
