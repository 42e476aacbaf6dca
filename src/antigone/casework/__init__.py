"""The record: what the office knows, and the actions by which alone it changes."""
