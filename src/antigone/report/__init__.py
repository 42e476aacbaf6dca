"""Pictures and documents: pedigrees, charts, the report of a search."""
