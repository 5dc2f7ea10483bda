"""An array of measurements that is only ever extended."""

from array import array

from innocent import work

LATENCIES = array("d")


def measured(values):
    LATENCIES.extend(values)  # culprit


while True:
    number = work()
    measured(array("d", [float(number)]) * 1_300)
