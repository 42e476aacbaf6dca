"""`python -m antigone`."""

from antigone.cli import main

# A worker process that is started afresh reads this file too, and is not to begin a command of its own.
if __name__ == "__main__":
    main()
