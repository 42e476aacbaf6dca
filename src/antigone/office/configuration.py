"""`office.toml`: what an office is called, whether it is for practice, and where its database is."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import tomli_w

FILE = "office.toml"
FORMAT = "antigone-office"


class OfficeError(ValueError):
    """A folder that is no office, or an office that cannot be opened. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of one office. `database` is `sqlite` or a `postgresql://` address."""

    origin: str
    practice: bool
    database: str = "sqlite"

    def write(self, directory: Path) -> None:
        """Into its folder."""
        content = {
            "format": FORMAT,
            "version": 1,
            "origin": self.origin,
            "practice": self.practice,
            "database": self.database,
        }
        (directory / FILE).write_text(tomli_w.dumps(content), encoding="utf-8")


def read_configuration(directory: Path) -> Configuration:
    """The settings of the office in a folder. Raises `OfficeError`."""
    path = directory / FILE
    if not path.is_file():
        raise OfficeError(f"{directory} is no office: it has no {FILE}. ‘antigone init {directory}’ makes one")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OfficeError(f"{path}: {error}") from None
    wanted: dict[str, type] = {"format": str, "version": int, "origin": str, "practice": bool, "database": str}
    for key, kind in wanted.items():
        if type(content.get(key)) is not kind:
            raise OfficeError(f"{path}: ‘{key}’ is {content.get(key)!r}; expected a {kind.__name__}")
    if unknown := set(content) - set(wanted):
        raise OfficeError(f"{path}: unknown setting ‘{min(unknown)}’; there are {', '.join(wanted)}")
    if content["format"] != FORMAT or content["version"] != 1:
        raise OfficeError(f"{path}: format {content['format']} {content['version']}; this program opens {FORMAT} 1")
    return Configuration(content["origin"], content["practice"], content["database"])
