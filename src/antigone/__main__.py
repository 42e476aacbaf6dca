"""`python -m antigone`."""

from antigone.cli import main

main()
