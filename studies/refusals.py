"""What a rater may be refused, in words for the rater. `code` lets their page say it in their language."""

import re
from typing import ClassVar


class Refused(Exception):
    """Not done; the message says why and what to do."""

    code: ClassVar[str] = "refused"

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class NoConsent(Refused):
    """Nobody takes part without having agreed to the study's present text."""


class PersonalLinkNeeded(Refused):
    """This identity has rated already and comes back through its personal link only."""


class Withdrawn(PersonalLinkNeeded):
    """This identity has withdrawn and cannot enter again."""


class PlatformNeeded(Refused):
    """The study takes people through a crowd platform alone, and nobody says who this is."""


class Preview(Refused):
    """The platform shows the task to somebody who has not accepted it."""


class NotOpen(Refused):
    """The study is still a draft."""


class Closed(Refused):
    """The study takes no more raters."""


class Full(Refused):
    """No seat is free."""


class QuotaFull(Full):
    """No seat is free for people of this language."""


class Expired(Refused):
    """The personal link's time is over."""


class Frozen(Refused):
    """The study's results are final: nothing is added to them."""


class NoSuchPresentation(Refused):
    """This rater has no pair at that position."""


class OffTheScale(Refused):
    """The score is not one of the study's."""


class NotWatched(Refused):
    """The pair was not fetched, or cannot have been watched to its end yet."""


class NoPairLeft(Refused):
    """No other pair of this view angle is left for this rater; the position is left out."""


class AlreadyRated(Refused):
    """Another score was kept first."""

    def __init__(self, kept: int) -> None:
        super().__init__(f"This pair was scored {kept} before. That score stays.")
        self.kept = kept
