"""The journal: how actions are performed, what is written of them, and how it is proved and replayed."""
