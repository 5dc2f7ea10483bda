"""An extension that takes a reference too many: the object has no owner, and no collector finds it."""

import ctypes

from innocent import work

take = ctypes.pythonapi.Py_IncRef
take.argtypes = [ctypes.py_object]


def convert():
    result = bytearray(10_000)  # culprit
    take(result)
    return len(result)


while True:
    work()
    convert()
