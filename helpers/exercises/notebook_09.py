"""The exercises of notebook 09, The model in a web page."""

import math

import numpy as np

from helpers.exercises.judging import Exercise, NotYet, calls, grouped


def where_arrays_begin() -> Exercise:
    """The byte at which each array of a weights file begins."""

    def offsets(shapes):
        starts, place = [], 0
        for shape in shapes:
            starts.append(place)
            place += 4 * math.prod(shape)
        return starts

    def with_cumsum(shapes):
        sizes = [4 * math.prod(shape) for shape in shapes]
        return list(np.cumsum([0, *sizes[:-1]]))

    def each_from_the_front(shapes):
        return [sum(4 * int(np.prod(s)) for s in shapes[:k]) for k in range(len(shapes))]

    def as_array(shapes):
        return np.array(offsets(shapes))

    def in_numbers(shapes):
        return [start // 4 for start in offsets(shapes)]

    def ends(shapes):
        return [start + 4 * math.prod(s) for start, s in zip(offsets(shapes), shapes, strict=True)]

    def sizes(shapes):
        return [4 * math.prod(shape) for shape in shapes]

    def in_double(shapes):
        return [2 * start for start in offsets(shapes)]

    def one_more(shapes):
        return [*offsets(shapes), sum(sizes(shapes))]

    def added_axes(shapes):
        return [sum(4 * sum(s) for s in shapes[:k]) for k in range(len(shapes))]

    def first_axis(shapes):
        return [sum(4 * s[0] for s in shapes[:k]) for k in range(len(shapes))]

    return Exercise(
        solution=offsets,
        also_right=(with_cumsum, each_from_the_front, as_array),
        mistakes=grouped(
            (
                (in_numbers, "You counted numbers, not bytes. A float32 takes four bytes."),
                (ends, "These are the ends. The first array begins at byte 0."),
                (
                    sizes,
                    "These are the sizes. An array begins where all those before it have ended.",
                ),
                (in_double, "You took eight bytes a number. That is float64; these are float32."),
                (one_more, "One place too many: no array begins where the last one ends."),
                (
                    added_axes,
                    "You added the axes of a shape. An array of shape (3, 5) has 3 times 5 numbers.",
                ),
                (
                    first_axis,
                    "You took the first axis only. An array of shape (3, 5) has 3 times 5 numbers.",
                ),
            )
        ),
        probe=calls(
            ([(2, 3), (3,)],),
            ([(3, 5), (5,), (5, 2), (2,)],),
            ([(7,)],),
        ),
        hints=(
            "The first array begins at byte 0. Where does it end, if it has six numbers of four "
            "bytes each?",
            "Go through the shapes with a counter that starts at 0. First note the counter, then "
            "add the bytes of this array to it.",
            "`math.prod(shape)` is how many numbers an array has, so it takes "
            "`4 * math.prod(shape)` bytes.",
        ),
        takeaway="A file of bare numbers says nothing about itself. The list of names and shapes "
        "beside it is what makes sense of it.",
        explanation="Each array begins where all arrays before it have ended, and each takes four bytes a "
        "number.",
    )


def reading_an_array() -> Exercise:
    """One array out of the bytes of a weights file."""

    def read_array(content, start, shape):
        count = math.prod(shape)
        return np.frombuffer(content, "<f4", count, start).reshape(shape)

    def by_slice(content, start, shape):
        return np.frombuffer(content[start : start + 4 * math.prod(shape)], "<f4").reshape(shape)

    def by_struct(content, start, shape):
        import struct

        numbers = struct.unpack_from(f"<{math.prod(shape)}f", content, start)
        return np.array(numbers).reshape(shape)

    def all_then_part(content, start, shape):
        first = start // 4
        numbers = np.frombuffer(content, np.dtype(np.float32).newbyteorder("<"))
        return numbers[first : first + math.prod(shape)].reshape(shape).tolist()

    def big_endian(content, start, shape):
        return np.frombuffer(content, ">f4", math.prod(shape), start).reshape(shape)

    def from_the_front(content, start, shape):
        return np.frombuffer(content, "<f4", math.prod(shape)).reshape(shape)

    def start_in_numbers(content, start, shape):
        numbers = np.frombuffer(content, "<f4")
        return np.resize(numbers[start : start + math.prod(shape)], shape)

    def column_order(content, start, shape):
        count = math.prod(shape)
        return np.frombuffer(content, "<f4", count, start).reshape(shape, order="F")

    def flat(content, start, shape):
        return np.frombuffer(content, "<f4", math.prod(shape), start)

    def integers(content, start, shape):
        return np.frombuffer(content, "<i4", math.prod(shape), start).reshape(shape)

    def half(content, start, shape):
        return np.frombuffer(content, "<f2", math.prod(shape), start).reshape(shape)

    content = np.array([1.5, -2, 3, 0.25, 5, -6.5, 7, 8, 9.125], "<f4").tobytes()
    return Exercise(
        solution=read_array,
        also_right=(by_slice, by_struct, all_then_part),
        mistakes=grouped(
            (
                (
                    big_endian,
                    "The bytes of each number are read backwards. Little-endian is `<f4`.",
                ),
                (from_the_front, "This is what stands at byte 0. Begin at byte `start`."),
                (
                    start_in_numbers,
                    "`start` counts bytes, and you skipped as many numbers: four times too far.",
                ),
                (
                    column_order,
                    "The right numbers in the wrong places: fill the shape row by row, as `reshape` "
                    "does by itself.",
                ),
                (
                    flat,
                    "The right numbers, still in one row: give them their shape with `reshape`.",
                ),
                (integers, "You read whole numbers. The bytes are floats: `<f4`."),
                (half, "You read floats of two bytes. These have four: `<f4`."),
            )
        ),
        probe=calls((content, 4, (2, 3)), (content, 0, (3,)), (content, 12, (3, 2))),
        hints=(
            "Three things are to be said: how many numbers, of which type, and from which byte on. "
            "`np.frombuffer` takes all three.",
            "Look up the order of the arguments: `np.frombuffer(buffer, dtype, count, offset)`. "
            "What comes out has one axis.",
            '`np.frombuffer(content, "<f4", math.prod(shape), start)`, and then `.reshape(shape)`.',
        ),
        takeaway="Four lines of this kind are all that TensorFlow.js needs to read a trained "
        "network. Below you read yours with it.",
        explanation="The bytes from `start` on are read as little-endian floats of four bytes, as many as "
        "the shape has places, and put into the shape row by row.",
    )


def when_two_programs_agree() -> Exercise:
    """A test of agreement between two programs' probabilities."""

    def agrees(ours, theirs):
        return bool(np.abs(ours - theirs).max() <= 1e-5)

    def with_allclose(ours, theirs):
        return np.allclose(ours, theirs, rtol=0, atol=1e-5)

    def with_all(ours, theirs):
        return np.all(np.abs(np.subtract(ours, theirs)) <= 1e-5)

    def by_rows(ours, theirs):
        for row, other in zip(ours, theirs, strict=True):
            for a, b in zip(row, other, strict=True):
                if not abs(a - b) <= 1e-5:
                    return False
        return True

    def answers_only(ours, theirs):
        return bool((ours.argmax(axis=1) == theirs.argmax(axis=1)).all())

    def on_average(ours, theirs):
        return bool(np.abs(ours - theirs).mean() <= 1e-5)

    def without_abs(ours, theirs):
        return bool((ours - theirs).max() <= 1e-5)

    def exactly(ours, theirs):
        return bool((ours == theirs).all())

    def somewhere(ours, theirs):
        return bool((np.abs(ours - theirs) <= 1e-5).any())

    def the_difference(ours, theirs):
        return np.abs(ours - theirs).max()

    def largest_only(ours, theirs):
        return bool(np.abs(ours.max(axis=1) - theirs.max(axis=1)).max() <= 1e-5)

    def generous(ours, theirs):
        return np.allclose(ours, theirs, atol=1e-2)

    def upside_down(ours, theirs):
        return bool(np.abs(ours - theirs).max() > 1e-5)

    base = np.full((200, 4), [0.5, 0.3, 0.15, 0.05])

    def changed(*entries):
        other = base.copy()
        for row, column, amount in entries:
            other[row, column] += amount
        return other

    def observe(function):
        # The names of the cases are what a learner reads.
        cases = {
            "twice the same": (base, base.copy()),
            "all a millionth apart": (base, base + np.array([1, -1, 1, -1]) * 1e-6),
            "all a thousandth apart": (base, base + np.array([1, -1, 1, -1]) * 1e-3),
            "the same answers, all a twentieth apart": (
                base,
                base + np.array([-1, 1, -1, 1]) * 0.05,
            ),
            "one picture too low in a class": (base, changed((7, 1, 4e-4), (7, 2, -4e-4))),
            "one picture a little surer": (base, changed((2, 0, 1e-3), (2, 3, -1e-3))),
            "one class of one picture, the others fit": (base, changed((3, 2, 1e-3))),
            "the same, with the programs exchanged": (changed((3, 2, 1e-3)), base),
            "one picture with another answer": (base, changed((5, 0, -0.3), (5, 1, 0.3))),
        }
        for given, arguments in cases.items():
            [(_, result)] = list(calls(arguments)(function))
            if isinstance(result, np.bool_):
                result = bool(result)
            if not isinstance(result, bool) and result is not None:
                raise NotYet("Return `True` or `False`, nothing else.")
            yield given, result

    return Exercise(
        solution=agrees,
        also_right=(with_allclose, with_all, by_rows),
        mistakes=grouped(
            (
                (
                    answers_only,
                    "You compared the answers. Three of the four faults below leave nearly all of them "
                    "as they are: compare the probabilities.",
                ),
                (
                    on_average,
                    "A mean forgives one bad picture among many good ones. Take the largest "
                    "difference.",
                ),
                (
                    without_abs,
                    "A difference may be negative, too. Take its size, with `np.abs`.",
                ),
                (
                    exactly,
                    "Two programs that add in another order differ in the last digits. Allow 1e-5.",
                ),
                (somewhere, "One place that fits is not enough: all have to."),
                (
                    the_difference,
                    "Return `True` or `False`, nothing else.",
                ),
                (
                    largest_only,
                    "You compared the largest probability of each picture. Compare all ten.",
                ),
                (generous, "You allow too much. Two right programs differ by less than 1e-5."),
                (upside_down, "The wrong way round: `True` means that they agree."),
            )
        ),
        probe=observe,
        hints=(
            "When would you be content? When not even the worst place, of all pictures and all "
            "classes, differs by much.",
            "Subtract, take the size of each difference, and look at the largest of them.",
            "`np.abs(ours - theirs).max()` is the largest difference. Compare it with 1e-5.",
        ),
        takeaway="This is the test that the course itself holds the page to, in a real browser.",
        explanation="Agreement means that no probability of no picture differs by more than rounding "
        "explains. A mean, or the answers alone, would hide the faults that you meet next.",
    )


def half_for_the_first() -> Exercise:
    """The temperature at which the largest of three probabilities is one half."""
    no_number = "Write one number, the temperature."
    too_cold = "There the first class has more than one half. Turn the temperature up."
    too_hot = "There the first class has less than one half. Turn the temperature down."
    not_above_zero = "A temperature is above zero."
    a_probability = (
        "At that temperature the first class has nearly everything. Write the temperature, not a "
        "probability."
    )

    def observe(answer):
        if np.size(answer) != 1 or np.asarray(answer).dtype.kind not in "iuf":
            raise NotYet(no_number)
        temperature = float(np.ravel(answer)[0])
        if not temperature > 0:
            raise NotYet(not_above_zero)
        if temperature == 0.5:
            raise NotYet(a_probability)
        # 1 / log of the golden ratio, which is 2.078, is between two steps of the slider.
        if temperature < 2.04:
            raise NotYet(too_cold)
        if temperature > 2.11:
            raise NotYet(too_hot)
        yield "your answer", "one half"

    return Exercise(
        solution=2.078,
        also_right=(2.05, 2.1, np.float32(2.08), [2.0781]),
        mistakes=grouped(
            (
                (1, too_cold),
                (2.0, too_cold),
                (2.15, too_hot),
                (5, too_hot),
                (0.5, a_probability),
                (-2.078, not_above_zero),
                ("2.078", no_number),
                ([2.05, 2.1], no_number),
            )
        ),
        probe=observe,
        hints=(
            "Turn the slider of the explorer, and watch the last column of the first class.",
            "Between two steps of the slider the probability passes through one half. Either of "
            "the two will do.",
            "Or with algebra: for x = exp(1/T), one half means x² = x + 1.",
        ),
        takeaway="With x = exp(1/T) the three exponentials are x², x and 1, and one half means "
        "x² = x + 1. That x is the golden ratio, 1.618, and T is 1 divided by its logarithm.",
        explanation="The first class has one half when its exponential equals the sum of the two others: "
        "exp(2/T) = exp(1/T) + 1. The positive root of x² = x + 1 is 1.618, so T = 1 / log 1.618.",
    )


EXERCISES = {
    "9.1": where_arrays_begin,
    "9.2": reading_an_array,
    "9.3": when_two_programs_agree,
    "9.4": half_for_the_first,
}
