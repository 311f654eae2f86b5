"""Which split a picture belongs to. Near-duplicates stay together, and a picture once placed never moves.

A group without a history is placed by the hash of one member's key, whichever comes first in a fixed order; a
key is where the picture came from (its origin_path, shared by all crops of a photo) or else its content. A
group of which some were placed by an earlier build follows them. A new picture that resembles pictures in two
different places could go nowhere without leaking: it is left out.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Place:
    """Split, fold and group of a picture."""

    split: str
    fold: int
    group: str

    def joins(self, other: "Place") -> bool:
        """Whether near-duplicates may be in these two places."""
        return (self.split, self.fold) == (other.split, other.fold)


@dataclass(frozen=True)
class Conflict:
    """Two places that a new picture would have to be in at once."""

    one: Place
    other: Place

    def __str__(self) -> str:
        one, other = (f"{place.split}, fold {place.fold}" for place in (self.one, self.other))
        return f"resembles pictures in {one} and in {other}"


@dataclass(frozen=True)
class Member:
    """A picture to place. key: decides the place of a new group. labels: two members that share one are kept
    together. recorded: where an earlier build put it; that stays."""

    key: str
    labels: tuple[str, ...] = ()
    recorded: Place | None = None


@dataclass(frozen=True)
class Shares:
    """val and test: shares of the groups, 0..1; folds: how many."""

    val: float
    test: float
    folds: int

    def place(self, key_hash: str) -> Place:
        """The place that a hash (64 hexadecimal digits) leads to. Split and fold use separate digits.

        Test takes the lowest part of 0..1 and val the next: a larger val share takes only from train.
        """
        draw = int(key_hash[:16], 16) / 16.0**16
        split = "test" if draw < self.test else "val" if draw < self.test + self.val else "train"
        return Place(split, int(key_hash[16:32], 16) % self.folds, key_hash[32:48])


def hash_key(key: str) -> str:
    """A member's key, hashed: 64 hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class Groups:
    """Union-find over pictures 0..n-1 in which each set knows its place and the key hash it is placed by."""

    hashes: list[str]
    places: list[Place | None]
    parents: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.parents = list(range(len(self.hashes)))

    def find(self, member: int) -> int:
        while self.parents[member] != member:
            self.parents[member] = self.parents[self.parents[member]]
            member = self.parents[member]
        return member

    def join(self, one: int, other: int) -> None:
        """Unite two sets, unless both are placed and their places differ."""
        one, other = sorted((self.find(one), self.find(other)))
        here, there = self.places[one], self.places[other]
        if one == other or (here and there and not here.joins(there)):
            return
        self.parents[other] = one
        self.hashes[one] = min(self.hashes[one], self.hashes[other], key=_last_digits)
        known = [place for place in (here, there) if place]
        self.places[one] = min(known, key=lambda place: place.group) if known else None

    def place(self, member: int) -> Place | None:
        return self.places[self.find(member)]

    def final(self, member: int, shares: Shares) -> Place:
        return self.place(member) or shares.place(self.hashes[self.find(member)])


def place_pictures(
    members: Sequence[Member], neighbors: Mapping[int, Iterable[int]], shares: Shares
) -> list[Place | Conflict]:
    """A place for each member, or the conflict of one that has to be left out.

    neighbors: for each member (by its number) the near-duplicates, in both directions.
    """
    groups = Groups([hash_key(member.key) for member in members], [member.recorded for member in members])
    labels = _Labels(groups)
    conflicts: dict[int, Conflict] = {}
    placed: set[int] = set()
    for i in sorted(range(len(members)), key=lambda i: (members[i].recorded is None, i)):
        near = [j for j in neighbors.get(i, ()) if j in placed] + labels.members(members[i].labels)
        conflict = None if members[i].recorded else _conflict([groups.place(j) for j in near])
        if conflict:
            conflicts[i] = conflict
            continue
        for j in near:
            groups.join(i, j)
        labels.add(i, members[i].labels)
        placed.add(i)
    return [
        member.recorded or conflicts.get(i) or groups.final(i, shares) for i, member in enumerate(members)
    ]


def _last_digits(key_hash: str) -> str:
    """What the group's hash is chosen by: not the digits that the split is drawn from, or test would grow."""
    return key_hash[-16:]


@dataclass
class _Labels:
    """For each label, one member of every set that carries it."""

    groups: Groups
    known: dict[str, list[int]] = field(default_factory=dict)

    def members(self, labels: Iterable[str]) -> list[int]:
        return [member for label in labels for member in self.known.get(label, ())]

    def add(self, member: int, labels: Iterable[str]) -> None:
        for label in labels:
            others = self.known.setdefault(label, [])
            if all(self.groups.find(other) != self.groups.find(member) for other in others):
                others.append(member)


def _conflict(places: list[Place | None]) -> Conflict | None:
    known = [place for place in places if place]
    return next((Conflict(known[0], place) for place in known[1:] if not known[0].joins(place)), None)
