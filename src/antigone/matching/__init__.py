"""From profiles and families to honest conclusions: conditional tables, all against all, expected coincidences."""
