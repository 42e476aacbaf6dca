"""What is known of somebody beside DNA: of the dead from the examiner, of the missing from their family."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Description:
    """One person's non-DNA description, ante or post mortem; None or empty where nothing is recorded.

    `stature` is a range in centimetres. `hair` is a colour. `marks` are coded tattoos and scars, which can be compared;
    `marks_text` is free text, kept and shown, never scored. `documents` are numbers of documents and tags: those that
    belong to a missing person, or that were found with a body. `place` is latitude and longitude in degrees, `date` an
    ISO day, of being last seen or of recovery.
    """

    stature: tuple[float | None, float | None] = (None, None)
    hair: str = ""
    marks: tuple[str, ...] = ()
    marks_text: str = ""
    documents: tuple[str, ...] = ()
    place: tuple[float, float] | None = None
    date: str = ""


NOTHING_RECORDED = Description()
