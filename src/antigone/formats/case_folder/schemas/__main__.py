"""Write the schemas anew, after a change of the definitions."""

from pathlib import Path

from antigone.formats.case_folder.schemas import write_schemas

write_schemas(Path(__file__).parent)
