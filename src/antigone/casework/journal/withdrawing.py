"""After a withdrawal is on record: key and salt are destroyed and the logs emptied, however often it takes."""

from antigone.casework.journal.models import Erasure
from antigone.casework.journal.office import Office


def finish_withdrawals(office: Office) -> int:
    """Destroy what withdrawn persons still have; returns how many there were. Raises `NotSweptError`.

    The journal says first that somebody is withdrawn, and only then the key goes: a power cut between the two leaves
    work for the next opening, never a lost key without an entry.
    """
    withdrawn = set(Erasure.objects.using(office.using).values_list("subject", flat=True))
    left = withdrawn & office.subject_keys.subjects() if withdrawn else set()
    if left:
        office.subject_keys.destroy(left)
        office.sweep()
    return len(left)
