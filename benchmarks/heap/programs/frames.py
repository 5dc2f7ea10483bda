"""A pandas frame for each request, kept for statistics."""

import numpy
import pandas
from innocent import work

HISTORY = []


def measure(number):
    table = pandas.DataFrame({"at": numpy.arange(600), "value": numpy.full(600, number, dtype=float)})  # culprit
    HISTORY.append(table)


while True:
    measure(work())
