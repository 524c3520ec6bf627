"""Attackers by what they know, from the weakest to the strongest.

The paper's attacker never learns that anyone anonymizes. The others do, and anonymize gaits themselves
with donors of their own drawing (another seed), which is all they have: the defender's draws stay unknown.
Another attacker is one function and one entry here, in its place by strength.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from recognition.identify import classifying_attackers as classifying
from recognition.identify import comparing_attackers as comparing
from recognition.identify.answers import Answers
from recognition.identify.material import Material

CLEAR_ANONYMIZED, BOTH_ANONYMIZED = "clear ↔ anonymized", "anonymized ↔ anonymized"


# Where one attacker can do all that another does, and better: under these policies of donors. With another donor in
# every copy a person's own two copies differ by two donors, so that comparing copies may name fewer than comparing
# with the clear walk does; and with one donor for all, who guesses it wrong learns about somebody else.
ALWAYS = frozenset({"none", "fixed", "random", "synthetic"})
NO_DONOR = frozenset({"none"})
DONORS_ARE_KNOWN = frozenset({"none", "fixed"})  # to who knows the pool: it is nobody, or one
DONORS_VARY = frozenset({"none", "random", "synthetic"})  # so that many copies show what donors do


class Need(StrEnum):
    """What an attacker must have, in words for people."""

    CLEAR_TRAINING = "a recognizer trained on clear gaits"
    OWN_TRAINING = "anonymized copies of the training subjects"
    OWN_GALLERY = "an anonymized copy of the gallery"
    MANY_COPIES = "many anonymized copies of the gallery"
    DONOR_POOL = "the defender's pool of donors"
    BOXES = "where the body stands in the frame"
    LINKED_CLIPS = "several clips known to be of one person"


@dataclass(frozen=True)
class Attacker:
    """One rung of the ladder."""

    name: str
    label: str
    knows: str  # one sentence for people
    compares: str
    needs: frozenset[Need]
    attack: Callable[[Material], Answers]
    outdoes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # directly, and under which policies of donors; naming fewer than one of these is a sign of a broken attack
    own_classifier: bool = False  # it uses no recognizer of the ladder's


_LADDER = (
    Attacker(
        "naive",
        "Naive",
        "Does not know that anyone anonymizes: clear training, clear gallery. The paper's attacker.",
        CLEAR_ANONYMIZED,
        frozenset({Need.CLEAR_TRAINING}),
        comparing.naive,
    ),
    Attacker(
        "anonymized-gallery",
        "Anonymized gallery",
        "Knows the method and enrols everyone anonymized, with donors of its own; clear training.",
        BOTH_ANONYMIZED,
        frozenset({Need.CLEAR_TRAINING, Need.OWN_GALLERY}),
        comparing.anonymized_gallery,
        outdoes={"naive": NO_DONOR},
    ),
    Attacker(
        "retrained",
        "Retrained",
        "Also trains its recognizer on other people's gaits, anonymized with donors of its own.",
        BOTH_ANONYMIZED,
        frozenset({Need.OWN_TRAINING, Need.OWN_GALLERY}),
        comparing.retrained,
        outdoes={"anonymized-gallery": DONORS_VARY},
    ),
    Attacker(
        "pool-aware",
        "Pool-aware",
        "Also knows whom the donors are drawn from, and enrols many copies of everyone with these donors.",
        BOTH_ANONYMIZED,
        frozenset({Need.OWN_TRAINING, Need.MANY_COPIES, Need.DONOR_POOL}),
        comparing.pool_aware,
        outdoes={"retrained": ALWAYS, "anonymized-gallery": ALWAYS, "naive": DONORS_ARE_KNOWN},
    ),
    Attacker(
        "distribution-aware",
        "Distribution-aware",
        "Draws many anonymized copies of everybody with donors of its own, and learns what they have in common.",
        BOTH_ANONYMIZED,
        frozenset({Need.MANY_COPIES}),
        classifying.distribution_aware,
        outdoes={"anonymized-gallery": DONORS_VARY, "naive": DONORS_VARY},
        own_classifier=True,
    ),
    Attacker(
        "box-track",
        "Box track",
        "Looks at nothing but where the body stands: height, path, speed, bob and sway, of as many copies.",
        BOTH_ANONYMIZED,
        frozenset({Need.MANY_COPIES, Need.BOXES}),
        classifying.box_track,
        own_classifier=True,
    ),
    Attacker(
        "joint",
        "Joint",
        "Puts together what the shape and what the box track say.",
        BOTH_ANONYMIZED,
        frozenset({Need.MANY_COPIES, Need.BOXES}),
        classifying.joint,
        outdoes={"distribution-aware": ALWAYS, "box-track": ALWAYS},
        own_classifier=True,
    ),
    Attacker(
        "linked-clips",
        "Linked clips",
        "Also knows that several clips show one person, and adds up what each says.",
        BOTH_ANONYMIZED,
        frozenset({Need.MANY_COPIES, Need.BOXES, Need.LINKED_CLIPS}),
        classifying.linked_clips,
        outdoes={"joint": ALWAYS},
        own_classifier=True,
    ),
)
ATTACKERS = {attacker.name: attacker for attacker in _LADDER}  # from the weakest to the strongest


def chosen(names: str | None = None) -> tuple[Attacker, ...]:
    """The attackers of `naive,anonymized-gallery`, all without a choice; in the order of strength."""
    if names is None:
        return tuple(ATTACKERS.values())
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in ATTACKERS:
            raise ValueError(f"--attackers: {name!r} is unknown. Use some of {', '.join(ATTACKERS)}.")
    return tuple(attacker for attacker in ATTACKERS.values() if attacker.name in wanted)


def outdoes(stronger: str, weaker: str, donors: str) -> bool:
    """Whether `stronger` can do all that `weaker` does and more, with such donors; also through others."""
    directly = ATTACKERS[stronger].outdoes
    return any(
        donors in policies and (each == weaker or outdoes(each, weaker, donors))
        for each, policies in directly.items()
    )


def attack(attacker: Attacker, material: Material) -> Answers:
    """Name the anonymized probes as this attacker would."""
    return attacker.attack(material)
