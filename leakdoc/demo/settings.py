"""What the demo's processes agree on."""

from typing import Final

HOST: Final = "127.0.0.1"
DSN_VARIABLE: Final = "LEAKDOC_DEMO_DSN"  # the database's address and password, in the service's environment
PER_SECOND: Final = 20.0  # a connection each: about a tenth of one core
DECLINED_EACH: Final = 8  # 2.5 leaked connections a second: 160 of PostgreSQL's 400 after a minute
