"""`python -m antigone.ledger verify BUNDLE [--against FILE] [--json]`."""

import sys

from antigone.ledger import verifier

if __name__ == "__main__":
    if sys.argv[1:2] != ["verify"]:
        print("usage: python -m antigone.ledger verify BUNDLE [--against FILE] [--json]", file=sys.stderr)
        sys.exit(2)
    sys.exit(verifier.main(sys.argv[2:], program="python -m antigone.ledger verify"))
