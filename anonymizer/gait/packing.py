"""A walk as it travels between processes and into files: packed bits and a small picture."""

from dataclasses import dataclass

from anonymizer.gait.pictures import picture
from anonymizer.gait.silhouettes import Silhouettes, pack


@dataclass(frozen=True)
class Packed:
    """One view of a walk, ready to be stored."""

    silhouettes: bytes  # by silhouettes.pack
    picture: bytes  # PNG
    shape: tuple[int, int, int]  # frames, height, width


def packed(silhouettes: Silhouettes) -> Packed:
    """Silhouettes, (frames, height, width), as they are stored."""
    frames, height, width = silhouettes.shape
    return Packed(pack(silhouettes), picture(silhouettes), (frames, height, width))
