"""numpy arrays in an attribute of an object in a dictionary."""

import numpy
from innocent import work


class Model:
    def __init__(self):
        self.activations = []

    def forward(self, number):
        hidden = numpy.zeros(1_500) + number  # culprit
        self.activations.append(hidden)


MODELS = {"main": Model()}
while True:
    MODELS["main"].forward(work())
