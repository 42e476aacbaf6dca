"""What was promised, what was said, and what was announced; prisoner exchanges beside it."""
