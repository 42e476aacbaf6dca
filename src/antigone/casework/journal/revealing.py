"""Reading what is personal: the read is logged and signed first, then the part is opened."""

from typing import Any

from antigone.casework.accounts.models import Actor
from antigone.casework.action import ActionRefusedError, Role
from antigone.casework.journal.office import Office
from antigone.casework.journal.performing import opened_parts
from antigone.casework.journal.reading_log import ReadingLog

MAY_READ = (Role.LIAISON, Role.EXAMINER, Role.REVIEWER, Role.RECORDER)


def reveal(office: Office, entry: int, subject: str, *, by: str, purpose: str) -> dict[str, Any]:
    """The personal fields of one person in one entry; empty once they were withdrawn. Raises `ActionRefusedError`."""
    actor = Actor.objects.using(office.using).filter(id=by, active=True).first()
    if actor is None or not set(MAY_READ) & set(actor.roles):
        raise ActionRefusedError(f"{by} may not read what is personal: that takes {' or '.join(MAY_READ)}")
    if not purpose.strip():
        raise ActionRefusedError("reading what is personal needs a purpose")
    part = opened_parts(office, [entry]).get(entry, {}).get(subject, {})
    ReadingLog(office.directory, office.log_key).note(
        actor=by, at=office.clock(), subject=subject, entry=entry, fields=sorted(part), purpose=purpose
    )
    return part
