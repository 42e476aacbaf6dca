"""What can be wrong with the record itself."""


class JournalError(RuntimeError):
    """The record is not what it says; nothing is done on it until somebody has looked."""
