"""One pickler for the life of the program: its memo keeps whatever it has written."""

import io
import pickle

from innocent import work

file = io.BytesIO()
pickler = pickle.Pickler(file)


def publish(number):
    pickler.dump({"id": number, "rows": ["x" * 100 + str(n) for n in range(60)]})  # culprit
    file.seek(0)
    file.truncate()


while True:
    publish(work())
