"""How much of a person a donor can give away at most, whatever an attacker knows.

n donors are drawn independently of the original and one of them is taken, so no donor d is taken for anybody with
more than p(d | person) ≤ n · p(d). An attacker who sees d, knows the draw and all G people, each equally likely,
names the person whom d makes most likely, and is right with probability

    1/G · Σ_d max_person p(d | person)  ≤  1/G · Σ_d n · p(d)  =  n/G.

With K clips known to be of one person the K donors are independent given the person: (n^K)/G.

Where the walk goes at one of L public speeds, the speed l is a function of the person's walk, so that
p(d, l | person) ≤ n · p(d) for each of the L speeds: the sum over d and l is at most L · n, and n becomes n · L.
Public statures count in the same way: L is the number of pairs of speed and stature.

What stands outside is what comes neither from the donor nor from the level: the path (place, direction, and speed
where it is the original's), the phase, the view and the time of recording.
"""


def bound(donors: int, people: int, clips: int = 1, levels: int = 1) -> float:
    """The rank-1 rate, 0 to 1, that donor and levels can give away of `people` equally likely ones."""
    if min(donors, people, clips, levels) < 1:
        given = f"{donors}, {people}, {clips}, {levels}"
        raise ValueError(f"a bound needs at least 1 donor, person, clip and level, not {given}")
    reached: int = (donors * levels) ** clips
    return min(people, reached) / people
