"""The commands of the office."""
