"""A class made for each request, and a registry that its metaclass keeps."""

from innocent import work


class Registry(type):
    known = []

    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        Registry.known.append(cls)


def make(number):
    return Registry(f"Row{number}", (), {f"field_{n}": n for n in range(80)})  # culprit


while True:
    make(work())
