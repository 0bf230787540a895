"""Draw synthetic pictures of the ten Fashion-MNIST classes, as stand-ins for the real ones.

A garment is a few edges. Each garment function draws random measures (widths, lengths, necklines,
heels) and computes for every pixel how far inside each edge it lies. Half a pixel inside is cloth,
half a pixel outside is black, and in between the edge is soft.

To change a garment, change its ranges. Those of similar garments overlap as they do in a shop: a
shirt may have the sleeves of a T-shirt, the length of a coat or the neckline of a pullover. That
makes the pictures hard to tell apart, without a single wrong label.

The same count and seed give the same bits on every machine: the random numbers are the raw stream
of PCG64, which NumPy promises to keep, and the arithmetic uses only what IEEE 754 rounds exactly
(+ - * / and sqrt), so no exp, no sine, and no sum whose order could change.

Lengths are in pixels. x runs from -13.5 (left) to 13.5 (right), y from 0 (top) to 27 (bottom).
A Range is (low, high). A Perhaps is (probability, low, high): 0 unless the probability is met.
"""

from collections.abc import Callable
from operator import index

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]  # float32 throughout
Range = tuple[float | Array, float | Array]
Perhaps = tuple[float, float, float]

SIDE = 28
CHUNK = 250  # pictures drawn at once: an array of them is 0.8 MB and stays in the cache


class Dice:
    """Random measures for `count` pictures, each an array of shape (count, 1, 1)."""

    def __init__(self, stream: np.random.PCG64, count: int):
        self.stream = stream
        self.count = count

    def between(self, low: float | Array, high: float | Array) -> Array:
        """Uniform numbers from low to high."""
        # 24 bits are what a float32 holds exactly.
        bits = (self.stream.random_raw(self.count) >> np.uint64(40)).astype(np.float32)
        return low + (high - low) * (bits / 2**24).reshape(-1, 1, 1)

    def chance(self, probability: float) -> Array:
        """1 with this probability, otherwise 0."""
        return (self.between(0, 1) < probability).astype(np.float32)

    def perhaps(self, probability: float, low: float, high: float) -> Array:
        """A number between low and high with this probability, otherwise 0."""
        return self.chance(probability) * self.between(low, high)

    def grain(self) -> Array:
        """Noise from -1 to 1 for every pixel, (count, 28, 28)."""
        words = self.stream.random_raw(self.count * SIDE * SIDE // 8).astype("<u8")
        return words.view(np.uint8).reshape(-1, SIDE, SIDE) / np.float32(127.5) - 1


def cover(inside: Array) -> Array:
    """The covered share of a pixel whose centre lies `inside` pixels within the edge."""
    return np.clip(inside + 0.5, 0, 1)


def ramp(along: Array, start: float | Array, stop: float | Array) -> Array:
    """0 before start, 1 after stop, linear in between."""
    return np.clip((along - start) / (stop - start), 0, 1)


def zigzag(along: Array, period: float | Array) -> Array:
    """A triangle wave: 1 at 0 and at each period, 0 halfway."""
    turns = along / period
    return 2 * np.abs(turns - np.floor(turns) - 0.5)


def over(image: Array, patch: Array, tone: float | Array) -> Array:
    """Lay a patch (1 where it covers, 0 where not) of this tone over the image."""
    return image + patch * (tone - image)


def cloth(dice: Dice, x: Array, y: Array, patterned: float = 0.4) -> Array:
    """A tone for every pixel: plain, striped, checked or printed."""
    depth = dice.perhaps(patterned, 0.15, 0.5)
    across = dice.chance(0.3) * zigzag(x, dice.between(3, 8))
    down = dice.chance(0.7) * zigzag(y, dice.between(3, 10))
    grain = dice.between(0.02, 0.06) + dice.perhaps(0.12, 0.1, 0.35)
    return dice.between(0.27, 0.86) * (1 - depth * (across + down) + grain * dice.grain())


def top(
    dice: Dice, x: Array, y: Array, *, widths: Range, flares: Range, hems: Range, sleeves: Range,
    cuffs: Range, necks: Range, depths: Range, openings: Perhaps, collars: Perhaps,
) -> Array:  # fmt: skip
    """A garment that hangs from the shoulders, seen from the front.

    Ranges of: widths: half the width of the chest; flares: how much wider the hem is; hems: its
    row; sleeves, cuffs: row and column where the sleeve ends; necks, depths: half the width of the
    neckline, and its depth; openings, collars: contrast of the line down the front, and of the
    collar.
    """
    width, flare, hem = dice.between(*widths), dice.between(*flares), dice.between(*hems)
    sleeve, cuff = dice.between(*sleeves), dice.between(*cuffs)
    neck, depth = dice.between(*necks), dice.between(*depths)
    away = np.abs(x)

    side = width + flare * ramp(y, 9, 27) - dice.between(0, 1.2) * zigzag(y - 17, 20)
    body = np.minimum(side - away, hem - y)

    # A sleeve is a band along the line from the shoulder joint to the cuff.
    joint_x, joint_y = width - 1.5, 4
    length = np.sqrt((cuff - joint_x) * (cuff - joint_x) + (sleeve - joint_y) * (sleeve - joint_y))
    run, fall = (cuff - joint_x) / length, (sleeve - joint_y) / length
    along = (away - joint_x) * run + (y - joint_y) * fall
    aside = (away - joint_x) * fall - (y - joint_y) * run
    thick = dice.between(2.3, 3.1) - dice.between(0, 0.9) * ramp(along, 2, 22)
    arm = np.minimum(np.minimum(thick - np.abs(aside), length - along), along + 3)

    shoulders = y - 0.8 - dice.between(0.3, 0.5) * np.maximum(away - neck, 0)
    image: Array = cover(np.minimum(np.maximum(body, arm), shoulders)) * cloth(dice, x, y)
    seam = cover(0.3 - np.abs(away - side)) * cover(arm + 1) * cover(y - 8)
    image = image * (1 - dice.between(0.1, 0.9) * seam)

    roundness = 1 - dice.chance(0.4)  # the other necklines are a V
    neckline = 0.8 + depth * (1 - away / neck) * (1 + roundness * away / neck) - y
    image = image * (1 - dice.between(0.5, 1) * cover(neckline))
    band = cover(0.8 - np.abs(neckline + 0.6)) * cover(neck + 1 - away) * cover(y)
    image = over(image, band * dice.perhaps(*collars), dice.between(0.2, 1))

    line = np.minimum(dice.between(0, 0.6) - np.abs(x - dice.between(-0.5, 0.5)), hem - y)
    line = cover(np.minimum(line, -0.5 - neckline))
    buttons_only = dice.chance(0.5) * cover(4 * zigzag(y, 4) - 2)
    return over(image, line * (1 - buttons_only) * dice.perhaps(*openings), dice.chance(0.5))


def t_shirt(dice: Dice, x: Array, y: Array) -> Array:
    """Short sleeves, nothing down the front."""
    return top(
        dice, x, y, widths=(6, 8.5), flares=(-1, 0.8), hems=(25.5, 28), sleeves=(5, 11.5),
        cuffs=(9, 12), necks=(2.5, 4.5), depths=(0.5, 4.5), openings=(0, 0, 0),
        collars=(0.3, 0, 0.5),
    )  # fmt: skip


def pullover(dice: Dice, x: Array, y: Array) -> Array:
    """Long sleeves that reach the hem or pass it, nothing down the front."""
    return top(
        dice, x, y, widths=(6.4, 8.6), flares=(-1.5, 0.5), hems=(21.5, 27.3), sleeves=(23, 28),
        cuffs=(9.5, 12), necks=(2.5, 4.5), depths=(0.5, 3), openings=(0, 0, 0),
        collars=(0.5, 0.1, 0.6),
    )  # fmt: skip


def dress(dice: Dice, x: Array, y: Array) -> Array:
    """Narrow above, often wide below; a few have longer sleeves."""
    longer = 10 * dice.chance(0.2)
    return top(
        dice, x, y, widths=(3.8, 6.8), flares=(-0.5, 4.5), hems=(26.5, 28),
        sleeves=(4.5 + longer, 12 + longer), cuffs=(4.5, 9), necks=(2, 3.5), depths=(1, 6),
        openings=(0, 0, 0), collars=(0, 0, 0),
    )  # fmt: skip


def coat(dice: Dice, x: Array, y: Array) -> Array:
    """Longer than its sleeves, with a line down the front and a deep collar."""
    return top(
        dice, x, y, widths=(6.5, 8.5), flares=(-0.2, 2.2), hems=(26, 28), sleeves=(19.3, 25.5),
        cuffs=(9.5, 12), necks=(2, 4), depths=(1.5, 8), openings=(0.9, 0.5, 1),
        collars=(0.8, 0.3, 1),
    )  # fmt: skip


def shirt(dice: Dice, x: Array, y: Array) -> Array:
    """Between the other three: short or long sleeves, mostly with buttons and a collar."""
    longer = 13.5 * dice.chance(0.6)
    return top(
        dice, x, y, widths=(5.9, 8.2), flares=(-0.7, 1.3), hems=(24.7, 28),
        sleeves=(7 + longer, 14 + longer), cuffs=(9.2, 12), necks=(2, 4.2), depths=(0.5, 5),
        openings=(0.75, 0.2, 0.9), collars=(0.8, 0.2, 1),
    )  # fmt: skip


def trouser(dice: Dice, x: Array, y: Array) -> Array:
    """Two legs that part at the crotch; some swing to one side."""
    down = ramp(y, 6, 27)
    away = np.abs(x - dice.perhaps(0.4, -2.5, 2.5) * down * down)
    outside = dice.between(3.8, 6) + dice.between(0, 1.5) * ramp(y, 0, 6)
    outside = outside + dice.between(-1.5, 1.5) * down
    crotch = dice.between(6, 11)
    inside = 0.2 + dice.between(0, 0.55) * outside * ramp(y, crotch, 27)
    legs = np.minimum(outside - away, np.minimum(y - dice.between(-0.5, 1), 27.5 - y))
    gap = np.minimum(inside - away, y - crotch)
    return cover(legs) * cloth(dice, x, y, patterned=0.15) * (1 - cover(gap))


def shoe(
    dice: Dice, x: Array, y: Array, *, grounds: Range, soles: Range, heels: Perhaps, toes: Range,
    insteps: Range, leans: Range, ankles: Range, dips: Range,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """How far inside the upper, the sole and the heel of a shoe, seen from the side, toe left.

    Ranges of: grounds: the row under the shoe; soles: half their thickness; heels: how far they
    lift the back; toes, ankles: heights of the upper there; insteps: the column where it starts to
    climb; leans: columns the climb takes; dips: how much lower the opening is than the ankle.
    """
    heel, instep, toe = dice.perhaps(*heels), dice.between(*insteps), dice.between(*toes)
    ground = dice.between(*grounds) + 0.4 * heel
    front, back = dice.between(-13.5, -12), dice.between(9.5, 12.5)

    rest = ground - heel * ramp(x, -6, 6)  # the row on which the foot rests
    cap = ramp(x, front - 0.5, front + 5)
    crest = instep + dice.between(*leans)
    climb = ramp(x, instep, crest)
    height = toe * cap * (2 - cap) + (dice.between(*ankles) - toe) * climb * climb * (3 - 2 * climb)
    height = height - dice.between(*dips) * ramp(x, crest, crest + 3) * ramp(x, back, back - 3)

    rounded_back = back - 0.015 * np.abs(rest - y - 4) * (rest - y)
    length = np.minimum(x - front, rounded_back - x)
    upper = np.minimum(np.minimum(y - rest + height, rest - y), length)
    thickness = dice.between(*soles)
    base = np.minimum(thickness - np.abs(y - rest), np.minimum(x - front, back - x) + 0.4)
    post = dice.between(0.6, 2.5)
    block = np.minimum(post - np.abs(x - back + post), ground + thickness - y)
    return upper, base, np.where(heel > 0.5, np.minimum(block, y - rest), -1)


def sneaker(dice: Dice, x: Array, y: Array) -> Array:
    """Flat, on a thick sole, mostly with laces or stripes; a quarter are high."""
    high = dice.chance(0.25)
    upper, base, _ = shoe(
        dice, x, y, grounds=(18 + 2 * high, 21 + 2 * high), soles=(0.7, 1.4), heels=(0, 0, 0),
        toes=(2.5, 4), insteps=(-10, -6), leans=(10, 13), ankles=(6 + 4 * high, 10 + 4 * high),
        dips=(0, 3),
    )  # fmt: skip
    image = cover(upper) * cloth(dice, x, y)
    slanted = x + dice.between(0.3, 1) * (y - 16)
    bars = np.minimum(2.5 - np.abs(slanted - dice.between(-3, 4)), 4 * zigzag(slanted, 3) - 2)
    bars = cover(np.minimum(bars, upper)) * dice.perhaps(0.7, 0.4, 1)
    return over(over(image, bars, dice.chance(0.5)), cover(base), dice.between(0.4, 1))


def ankle_boot(dice: Dice, x: Array, y: Array) -> Array:
    """Closed up to the ankle or over it; half of them on a heel."""
    upper, base, block = shoe(
        dice, x, y, grounds=(21, 24.5), soles=(0.3, 1.1), heels=(0.5, 0, 6), toes=(4, 6),
        insteps=(-7, -4), leans=(4, 7), ankles=(11, 22), dips=(-1, 2),
    )  # fmt: skip
    image = cover(np.maximum(upper, block)) * cloth(dice, x, y)
    return over(image, cover(base), dice.between(0.2, 1))


def sandal(dice: Dice, x: Array, y: Array) -> Array:
    """Only the rim and slanting straps of a shoe; some are closed at the heel."""
    upper, base, block = shoe(
        dice, x, y, grounds=(17, 20), soles=(0.2, 1), heels=(0.6, 0.6, 11), toes=(2, 5),
        insteps=(-8, -1), leans=(5, 12), ankles=(5, 12), dips=(-2, 2),
    )  # fmt: skip
    rim = dice.between(0.2, 0.9) - np.abs(upper - 0.7) + dice.perhaps(0.3, 2, 2) * ramp(x, 0, -12)
    slanted = x + dice.between(-0.8, 0.8) * y
    straps = 3 * zigzag(slanted, dice.between(6, 14)) - dice.between(1.8, 2.5)
    closed = np.where(dice.chance(0.2), x - dice.between(-6, 8), -1)
    open_upper = np.minimum(np.maximum(np.maximum(rim, straps), closed), upper)
    image = cover(np.maximum(open_upper, block)) * cloth(dice, x, y)
    return over(image, cover(base), dice.between(0.3, 1))


def bag(dice: Dice, x: Array, y: Array) -> Array:
    """A body with rounded corners and a flap, mostly with a handle above it."""
    carried = dice.chance(0.75)
    brim, bottom = dice.between(4, 9) + carried * dice.between(1, 8), dice.between(22, 27)
    half_width = dice.between(9, 13.5) - dice.between(-1.5, 3) * ramp(bottom - y, 0, 14)
    half_height = (bottom - brim) / 2
    u, v = x / half_width, (y - brim - half_height) / half_height
    u, v = u * u, v * v
    image = cover(5 * (1 - u * u * u - v * v * v)) * cloth(dice, x, y)
    flap = brim + half_height * dice.between(0.3, 1.2)
    image = image * (1 - dice.between(0, 0.6) * cover(0.2 - np.abs(y - flap)))

    reach, height = dice.between(3, 9), dice.between(4, 13)
    u, v = x / reach, (y - brim) / height
    off_the_arch = np.minimum(reach, height) * np.abs(np.sqrt(u * u + v * v) - 1)
    handle = np.minimum(dice.between(0.1, 0.6) - off_the_arch, brim + 1 - y)
    return np.maximum(image, cover(handle) * carried * dice.between(0.3, 1))


# In the order of the labels.
GARMENTS = (t_shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle_boot)


def draw(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw `count` pictures in shuffled order, each class equally often, to within one.

    Returns images (count, 28, 28) from 0 to 255, and labels (count,) as Fashion-MNIST numbers them.
    The same count and seed always give the same pictures. Raises TypeError if count or seed is not
    a whole number, ValueError if it is negative.
    """
    count, seed = _whole_number("count", count), _whole_number("seed", seed)
    stream = np.random.PCG64(seed)
    order = np.argsort(stream.random_raw(count), kind="stable")
    labels = (order % len(GARMENTS)).astype(np.uint8)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for label, garment in enumerate(GARMENTS):
        places = np.flatnonzero(labels == label)
        for start in range(0, len(places), CHUNK):
            chunk = places[start : start + CHUNK]
            images[chunk] = _photograph(garment, Dice(stream, len(chunk)))
    return images, labels


def _photograph(garment: Callable[[Dice, Array, Array], Array], dice: Dice) -> NDArray[np.uint8]:
    """Draw one chunk, each garment slightly scaled and shifted."""
    size = dice.between(0.88, 1.03)
    steps = np.arange(SIDE, dtype=np.float32) - 13.5
    x = (steps[None, None, :] - dice.between(-1.5, 1.5)) / size
    y = (steps[None, :, None] - dice.between(-1.5, 1.5)) / size + 13.5
    return (np.clip(garment(dice, x, y), 0, 1) * 255 + 0.5).astype(np.uint8)


def _whole_number(name: str, value: int) -> int:
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, but it is {value!r}.") from None
    if number < 0:
        raise ValueError(f"{name} must be 0 or more, but it is {number}.")
    return number
