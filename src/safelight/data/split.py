"""Which split a picture belongs to. Near-duplicates stay together, and a picture once placed never moves.

A group without a history is placed by the hash of one member's key, whichever comes first in a fixed order; a
key is where the picture came from (its origin_path, shared by all crops of a photo) or else its content. A
group of which some were placed by an earlier build follows them. A set that comes with splits of its own keeps
them; what it does not have (a val split, say) is drawn from its training pictures. A new picture that resembles
pictures in two different places could go nowhere without leaking: it is left out; of a set's own splits test
comes first, then val, so that what leaks is taken out of train.
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
class Claim:
    """What a picture or its group asks for: a place that an earlier build gave it, or its set's own split."""

    place: Place | None = None
    stated: str | None = None

    def __str__(self) -> str:
        return f"{self.place.split}, fold {self.place.fold}" if self.place else f"{self.stated}"


@dataclass(frozen=True)
class Conflict:
    """Two claims that a new picture would have to meet at once."""

    one: Claim
    other: Claim

    def __str__(self) -> str:
        return f"resembles pictures in {self.one} and in {self.other}"


@dataclass(frozen=True)
class Member:
    """A picture to place. key: decides the place of a new group. labels: two members that share one are kept
    together. recorded: where an earlier build put it; that stays. stated: the split that its set puts it in."""

    key: str
    labels: tuple[str, ...] = ()
    recorded: Place | None = None
    stated: str | None = None

    @property
    def turn(self) -> int:
        """Members are placed in this order: those recorded, those stated to be in test, val, train, the others."""
        order = ("test", "val", "train", None)
        return 0 if self.recorded else 1 + order.index(self.stated)


@dataclass(frozen=True)
class Shares:
    """val and test: shares of the groups, 0..1; folds: how many; own: the splits that the set comes with."""

    val: float
    test: float
    folds: int
    own: frozenset[str] = frozenset()

    def place(self, key_hash: str, stated: str | None = None) -> Place:
        """The place that a hash (64 hexadecimal digits) leads to. Split and fold use separate digits.

        Test takes the lowest part of 0..1 and val the next: a larger val share takes only from train.
        """
        draw = int(key_hash[:16], 16) / 16.0**16
        split = "test" if draw < self.test else "val" if draw < self.test + self.val else "train"
        if stated and (stated != "train" or split in self.own):
            split = stated
        return Place(split, int(key_hash[16:32], 16) % self.folds, key_hash[32:48])

    def agree(self, one: Claim, other: Claim) -> bool:
        """Whether near-duplicates may make these two claims."""
        if one.place and other.place:
            return one.place.joins(other.place)
        place, stated = one.place or other.place, one.stated if other.place else other.stated
        if place:
            drawn = stated == "train" and place.split not in self.own
            return stated is None or place.split == stated or drawn
        return one.stated == other.stated or None in (one.stated, other.stated)


def hash_key(key: str) -> str:
    """A member's key, hashed: 64 hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class Groups:
    """Union-find over pictures 0..n-1 in which each set knows its claim and the key hash it is placed by."""

    hashes: list[str]
    claims: list[Claim]
    shares: Shares
    parents: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.parents = list(range(len(self.hashes)))

    def find(self, member: int) -> int:
        while self.parents[member] != member:
            self.parents[member] = self.parents[self.parents[member]]
            member = self.parents[member]
        return member

    def join(self, one: int, other: int) -> None:
        """Unite two sets, unless their claims differ."""
        one, other = sorted((self.find(one), self.find(other)))
        here, there = self.claims[one], self.claims[other]
        if one == other or not self.shares.agree(here, there):
            return
        self.parents[other] = one
        self.hashes[one] = min(self.hashes[one], self.hashes[other], key=_last_digits)
        known = [claim.place for claim in (here, there) if claim.place]
        place = min(known, key=lambda place: place.group) if known else None
        self.claims[one] = Claim(place, here.stated or there.stated)

    def claim(self, member: int) -> Claim:
        return self.claims[self.find(member)]

    def final(self, member: int) -> Place:
        claim = self.claim(member)
        return claim.place or self.shares.place(self.hashes[self.find(member)], claim.stated)


def place_pictures(
    members: Sequence[Member], neighbors: Mapping[int, Iterable[int]], shares: Shares
) -> list[Place | Conflict]:
    """A place for each member, or the conflict of one that has to be left out.

    neighbors: for each member (by its number) the near-duplicates, in both directions.
    """
    claims = [Claim(member.recorded, None if member.recorded else member.stated) for member in members]
    groups = Groups([hash_key(member.key) for member in members], claims, shares)
    labels = _Labels(groups)
    conflicts: dict[int, Conflict] = {}
    placed: set[int] = set()
    for i in sorted(range(len(members)), key=lambda i: (members[i].turn, i)):
        near = [j for j in neighbors.get(i, ()) if j in placed] + labels.members(members[i].labels)
        conflict = None if members[i].recorded else _conflict([groups.claim(j) for j in [*near, i]], shares)
        if conflict:
            conflicts[i] = conflict
            continue
        for j in near:
            groups.join(i, j)
        labels.add(i, members[i].labels)
        placed.add(i)
    return [member.recorded or conflicts.get(i) or groups.final(i) for i, member in enumerate(members)]


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


def _conflict(claims: Sequence[Claim], shares: Shares) -> Conflict | None:
    """The first two claims that cannot both be met. Claims of a place are compared before those of a split."""
    known = sorted(
        (claim for claim in claims if claim.place or claim.stated), key=lambda claim: not claim.place
    )
    pairs = (Conflict(known[0], claim) for claim in known[1:] if not shares.agree(known[0], claim))
    return next(pairs, None)
