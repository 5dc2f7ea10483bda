"""Objects of a compiled library, each the visible end of what OpenSSL holds."""

from cryptography.hazmat.primitives.asymmetric import ec
from innocent import work

KEYS = {}


def greet(number):
    for each in range(8):
        KEYS[number, each] = ec.generate_private_key(ec.SECP256R1())  # culprit


while True:
    greet(work())
