"""Which split a picture belongs to. Near-duplicates stay together, and a picture once placed never moves.

A group without a history is placed by the hash of one member's key, whichever comes first in a fixed order; a
key is where the picture came from (its origin_path, shared by all crops of a photo) or else its content. A
group of which some were placed by an earlier build follows them. A set that comes with splits of its own keeps
them; what it does not have (a val split, say) is drawn from its training pictures. Sources that are held out are the
split "foreign", and what resembles one of their pictures goes there too, or is left out. A new picture that resembles
pictures in two different places could go nowhere without leaking: it is left out; of a set's own splits test
comes first, then val, so that what leaks is taken out of train.

Near-duplicates are the same scene saved twice, resized, recompressed, recolored, or photographed again.
A pair counts by RULES: the perceptual hashes differ in at most so many bits of 64, and the lightness
thumbnails correlate at least so much. The numbers were chosen by looking at the closest 3,480 pairs of 11,592
open pictures: beyond them hardly any pair shows one scene; within them also lie different garments on one
floor, which is harmless: a pair too many costs nothing, a leak costs the judge's honesty.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from safelight.data.settings import BuildSettings
from safelight.shaped import Bool, Float32, Int64, UInt8, UInt64

RULES = ((10, 0.85), (14, 0.93))  # (bits that differ at most, correlation at least)
MOST_BITS = max(bits for bits, _ in RULES)
_BANDS = 5  # of 12 or 13 bits: two hashes within 14 bits agree in one band but for two bits (pigeonhole)
_CHUNK = 1 << 20  # pairs held at a time

Numbers: TypeAlias = Int64[np.ndarray, " n"]
Hashes: TypeAlias = UInt64[np.ndarray, " n"]
Thumbs: TypeAlias = UInt8[np.ndarray, "n pixels"]
Pairs: TypeAlias = Int64[np.ndarray, "pairs 2"]


def near_duplicates(hashes: Hashes, thumbs: Thumbs) -> Pairs:
    """All pairs (i < j) that show the same scene, sorted."""
    flat = thumbs.astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    pairs = near_hashes(hashes)
    return np.concatenate([pairs[:0], *(part[_alike(part, hashes, flat)] for part in _chunks(pairs))])


def near_hashes(hashes: Hashes, most_bits: int = MOST_BITS) -> Pairs:
    """All pairs (i < j) of hashes that differ in at most `most_bits` of 64, sorted; none is missed."""
    flips = most_bits // _BANDS
    edges = np.linspace(0, 64, _BANDS + 1).astype(int)
    found = [np.empty((0, 2), np.int64)]
    for low, high in pairwise(edges.tolist()):
        band = ((hashes >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)).astype(np.int64)
        for pairs in _same_band(band, high - low, flips):
            found.append(pairs[count_bits(hashes[pairs[:, 0]] ^ hashes[pairs[:, 1]]) <= most_bits])
    return np.unique(np.concatenate(found), axis=0)


def count_bits(words: Hashes) -> UInt8[np.ndarray, " n"]:
    """How many bits of each 64-bit word are set (NumPy has no such function before 2.0)."""
    nibbles = np.ascontiguousarray(words).view(np.uint16).reshape(-1, 4)
    return np.asarray(_BITS[nibbles].sum(axis=1, dtype=np.uint8))


_BITS = np.unpackbits(np.arange(1 << 16, dtype=np.uint16).view(np.uint8).reshape(-1, 2), axis=1).sum(
    axis=1, dtype=np.uint8
)


def _same_band(band: Numbers, bits: int, flips: int) -> Iterator[Pairs]:
    """Pairs (i < j) whose bands differ in at most `flips` bits, in chunks."""
    order = np.argsort(band, kind="stable")
    starts = np.searchsorted(band[order], np.arange((1 << bits) + 1))
    every = np.arange(1 << bits)
    masks = every[_BITS[every] <= flips]
    for mask in masks:
        first, last = starts[band ^ mask], starts[(band ^ mask) + 1]
        yield from _expand(first, last - first, order)


def _expand(
    first: Int64[np.ndarray, " n"], counts: Int64[np.ndarray, " n"], order: Int64[np.ndarray, " n"]
) -> Iterator[Pairs]:
    """(i, order[first[i]]), (i, order[first[i] + 1]), … for each i, where i < j; _CHUNK or so at a time."""
    totals = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        done = totals[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(totals, done + _CHUNK, side="right")))
        part = counts[begin:end]
        i = np.repeat(np.arange(begin, end), part)
        step = np.arange(len(i)) - np.repeat(np.cumsum(part) - part, part)
        j = order[first[i] + step]
        yield np.stack([i, j], axis=1)[i < j]
        begin = end


def _chunks(pairs: Pairs) -> Iterator[Pairs]:
    for begin in range(0, len(pairs), _CHUNK >> 4):
        yield pairs[begin : begin + (_CHUNK >> 4)]


def _alike(pairs: Pairs, hashes: Hashes, flat: Float32[np.ndarray, "n pixels"]) -> Bool[np.ndarray, " pairs"]:
    i, j = pairs.T
    bits = count_bits(hashes[i] ^ hashes[j])
    correlation = np.einsum("ij,ij->i", flat[i], flat[j])
    return np.asarray(np.any([(bits <= most) & (correlation >= least) for most, least in RULES], axis=0))


SPLITS = ("train", "val", "test", "foreign")  # foreign: of sources that nothing is trained or tuned on
TESTS = ("test", "foreign")


def splits_of(settings: BuildSettings) -> tuple[str, ...]:
    """The splits of a dataset with these settings: foreign only where something is held out."""
    return SPLITS if settings.hold_out else SPLITS[:-1]


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
    together. recorded: where an earlier build put it; that stays. stated: the split that its set, or --hold-out,
    puts it in."""

    key: str
    labels: tuple[str, ...] = ()
    recorded: Place | None = None
    stated: str | None = None

    @property
    def turn(self) -> int:
        """Members are placed in this order: those recorded, those stated: foreign, test, val, train; the others."""
        order = ("foreign", "test", "val", "train", None)
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
