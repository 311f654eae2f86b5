"""Near-duplicates: the same scene saved twice, resized, recompressed, recolored, or photographed again.

A pair counts by RULES: the perceptual hashes differ in at most so many bits of 64, and the lightness
thumbnails correlate at least so much. The numbers were chosen by looking at the closest 3,480 pairs of 11,592
open pictures: beyond them hardly any pair shows one scene; within them also lie different garments on one
floor, which is harmless: a pair too many costs nothing, a leak costs the judge's honesty.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8, UInt64

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
