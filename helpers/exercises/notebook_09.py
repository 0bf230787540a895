"""The exercises of notebook 09, The model in a web page."""

import math

import numpy as np

from helpers.exercises.answers import from_results
from helpers.exercises.exercise import Exercise, NotYet, calls, named_calls


def weight_offsets() -> Exercise:
    """The byte at which each array of a weights file begins."""

    def offsets(shapes):
        starts, place = [], 0
        for shape in shapes:
            starts.append(place)
            place += 4 * math.prod(shape)
        return starts

    def wrong_results(shapes):
        with_end = np.array(offsets([*shapes, ()]))
        starts, ends = with_end[:-1], with_end[1:]
        return {
            "You counted numbers, not bytes. A float32 takes four bytes.": [starts // 4],
            "These are the ends. The first array begins at byte 0.": [ends],
            "These are the sizes. An array begins where all those before it have ended.": [
                ends - starts
            ],
            "You took eight bytes a number. That is float64; these are float32.": [2 * starts],
            "One place too many: no array begins where the last one ends.": [with_end],
            "You added the axes of a shape. An array of shape (3, 5) has 3 times 5 numbers.": [
                offsets([(sum(shape),) for shape in shapes])
            ],
            "You took only the size of the array before. An array begins where *all* those before "
            "it have ended: add them up.": [np.r_[0, (ends - starts)[:-1]]],
            "A bias has one axis only. Take the product of the whole shape, with `math.prod`.": [
                lambda: offsets([(shape[0] * shape[1],) for shape in shapes]),
                lambda: offsets([(shape[0] * shape[1],) for shape in shapes[:-1]] + [(1,)]),
            ],
            "You took the first axis only. An array of shape (3, 5) has 3 times 5 numbers.": [
                offsets([shape[:1] for shape in shapes])
            ],
        }

    return Exercise(
        solution=offsets,
        mistakes=from_results(wrong_results, [(2, 3), (3,)]),
        probe=calls(([(2, 3), (3,)],), ([(3, 5), (5,), (5, 2), (2,)],), ([(7,)],)),
        hints=(
            "The first array begins at byte 0. Where does it end, if it has six numbers of four "
            "bytes each?",
            "Go through the shapes with a counter that starts at 0. First note the counter, then "
            "add the bytes of this array to it.",
            "`math.prod(shape)` is how many numbers an array has, so it takes `4 * "
            "math.prod(shape)` bytes.",
        ),
        takeaway="A file of bare numbers says nothing about itself. The list of names and shapes "
        "beside it is what makes sense of it.",
        explanation="Each array begins where all arrays before it have ended, and each takes four "
        "bytes a number.",
    )


def read_weights() -> Exercise:
    """One array out of the bytes of a weights file."""

    def read_array(content, start, shape):
        count = math.prod(shape)
        return np.frombuffer(content, "<f4", count, start).reshape(shape)

    content = np.array([1.5, -2, 3, 0.25, 5, -6.5, 7, 8, 9.125], "<f4").tobytes()

    def wrong_results(content, start, shape):
        def of_type(dtype):
            return np.frombuffer(content, dtype, math.prod(shape), start).reshape(shape)

        numbers = np.frombuffer(content, "<f4")
        return {
            "The bytes of each number are read backwards. Little-endian is `<f4`.": [
                of_type(">f4")
            ],
            "This is what stands at byte 0. Begin at byte `start`.": [
                read_array(content, 0, shape)
            ],
            "`start` counts bytes, and you skipped as many numbers: four times too far.": [
                lambda: numbers[start : start + math.prod(shape)].reshape(shape)
            ],
            "You read to the end of the bytes, and more arrays follow. Give `np.frombuffer` the "
            "`count`.": [lambda: np.frombuffer(content, "<f4", offset=start).reshape(shape)],
            "Without a type `np.frombuffer` reads float64. The bytes are float32: `<f4`.": [
                lambda: np.frombuffer(content, count=math.prod(shape), offset=start).reshape(shape),
                lambda: np.frombuffer(content[start : start + 4 * math.prod(shape)]).reshape(shape),
            ],
            "The right numbers in the wrong places: fill the shape row by row, as `reshape` does "
            "by itself.": [read_array(content, start, shape[::-1]).T],
            "You read whole numbers. The bytes are floats: `<f4`.": [of_type("<i4")],
            "You read floats of two bytes. These have four: `<f4`.": [of_type("<f2")],
        }

    return Exercise(
        solution=read_array,
        mistakes=from_results(wrong_results, content, 4, (2, 3)),
        probe=calls((content, 4, (2, 3)), (content, 0, (3,)), (content, 12, (3, 2))),
        hints=(
            "Three things are to be said: how many numbers, of which type, and from which byte "
            "on. `np.frombuffer` takes all three.",
            "Look up the order of the arguments: `np.frombuffer(buffer, dtype, count, offset)`. "
            "What comes out has one axis.",
            '`np.frombuffer(content, "<f4", math.prod(shape), start)`, and then `.reshape(shape)`.',
        ),
        takeaway="Four lines of this kind are all that TensorFlow.js needs to read a trained "
        "network. Below you read yours with it.",
        explanation="The bytes from `start` on are read as little-endian floats of four bytes, as "
        "many as the shape has places, and put into the shape row by row.",
    )


def agreement() -> Exercise:
    """A test of agreement between two programs' probabilities."""

    def agrees(ours, theirs):
        return bool(np.abs(ours - theirs).max() <= 1e-5)

    base = np.full((200, 4), [0.5, 0.3, 0.15, 0.05])

    def changed(*entries):
        other = base.copy()
        for row, column, amount in entries:
            other[row, column] += amount
        return other

    # The names of the cases are what a learner reads.
    cases = {
        "twice the same": (base, base.copy()),
        "all a ten-millionth apart": (base, base + np.array([1, -1, 1, -1]) * 1e-7),
        "all a millionth apart": (base, base + np.array([1, -1, 1, -1]) * 1e-6),
        "all a thousandth apart": (base, base + np.array([1, -1, 1, -1]) * 1e-3),
        "the same answers, all a twentieth apart": (base, base + np.array([-1, 1, -1, 1]) * 0.05),
        "one probability of 0.5 is 0.000013 too high": (base, changed((4, 0, 1.3e-5))),
        "one probability of 0.05 is 0.00003 too high": (base, changed((4, 3, 3e-5))),
        "two probabilities of a picture 0.000008 apart": (
            base,
            changed((6, 0, 8e-6), (6, 1, -8e-6)),
        ),
        "a probability of 0.300004, and of 0.300006": (
            changed((1, 1, 4e-6)),
            changed((1, 1, 6e-6)),
        ),
        "one picture too low in a class": (base, changed((7, 1, 4e-4), (7, 2, -4e-4))),
        "one picture a little surer": (base, changed((2, 0, 1e-3), (2, 3, -1e-3))),
        "one class of one picture, the others fit": (base, changed((3, 2, 1e-3))),
        "the same, with the programs exchanged": (changed((3, 2, 1e-3)), base),
        "one picture with another answer": (base, changed((5, 0, -0.3), (5, 1, 0.3))),
    }
    only_a_bool = "Return `True` or `False`, nothing else."

    def probe(function):
        for given, result in named_calls(*cases.items())(function):
            if isinstance(result, np.bool_):
                result = bool(result)
            if not isinstance(result, bool) and result is not None:
                raise NotYet(only_a_bool)
            yield given, result

    def wrong_results(ours, theirs):
        differences = np.abs(ours - theirs)
        return {
            "You compared the answers. Three of the four faults below leave nearly all of them as "
            "they are: compare "
            "the probabilities.": [np.array_equal(ours.argmax(axis=1), theirs.argmax(axis=1))],
            "A mean forgives one bad picture among many good ones. Take the largest difference.": [
                differences.mean() <= 1e-5
            ],
            "A difference may be negative, too. Take its size, with `np.abs`.": [
                (ours - theirs).max() <= 1e-5
            ],
            "Two programs that add in another order differ in the last digits. Allow 1e-5.": [
                np.array_equal(ours, theirs)
            ],
            "One place that fits is not enough: all have to.": [differences.min() <= 1e-5],
            only_a_bool: [differences.max()],
            "You compared the largest probability of each picture. Compare all ten.": [
                agrees(ours.max(axis=1), theirs.max(axis=1))
            ],
            "`10e-5` is ten times 1e-5, which is what you may allow.": [
                np.abs(ours - theirs).max() <= 10e-5
            ],
            "You allow too much. Two right programs differ by less than 1e-5.": [
                np.allclose(ours, theirs, atol=0.01)
            ],
            "`np.allclose` adds a share of the number itself, `rtol`, to what it allows. Turn that "
            "off: `rtol=0, atol=1e-5`.": [np.allclose(ours, theirs, atol=1e-5)],
            "You allow a share of the number itself, and small probabilities have to agree far "
            "more closely. Allow a difference of 1e-5, whatever the number is.": [
                np.allclose(ours, theirs, rtol=1e-5, atol=0)
            ],
            "The differences of a picture cancel in their sum. Take `np.abs` of each first.": [
                np.abs((ours - theirs).sum(axis=1)).max() <= 1e-5
            ],
            "Two close numbers may be rounded apart. Do not round: compare their difference with "
            "1e-5.": [np.array_equal(ours.round(5), theirs.round(5))],
            "The wrong way round: `True` means that they agree.": [not agrees(ours, theirs)],
        }

    return Exercise(
        solution=agrees,
        mistakes=from_results(wrong_results, base, base),
        probe=probe,
        hints=(
            "When would you be content? When not even the worst place, of all pictures and all "
            "classes, differs by much.",
            "Subtract, take the size of each difference, and look at the largest of them.",
            "`np.abs(ours - theirs).max()` is the largest difference. Compare it with 1e-5.",
        ),
        takeaway="This is the test that the course itself holds the page to, in a real browser.",
        explanation="Agreement means that no probability of any picture differs by more than "
        "rounding explains. A mean, or the answers alone, would hide the faults that you meet "
        "next.",
    )


def temperature_of_one_half() -> Exercise:
    """The temperature at which the largest of three probabilities is one half."""
    no_number = "Write one number, the temperature."
    too_cold = "There the first class has more than one half. Turn the temperature up."
    too_hot = "There the first class has less than one half. Turn the temperature down."
    not_above_zero = "A temperature is above zero."
    known = {
        1.618: "That is the golden ratio, exp(1/T). So 1/T is its logarithm. Which T is that?",
        0.4812: "That is the logarithm of the golden ratio, 1/T. T is 1 divided by it.",
        4.785: "You used the logarithm to base 10. exp undoes the natural one, `np.log`.",
        1.4427: "There the coat is twice the shirt. The one half is against both others together.",
        1.33: "You took the rule of three. Probabilities do not fall in proportion to T.",
        2.16: "You gave both others their mean score. But exp bends: add up their exponentials.",
        2.8854: "There the coat is twice the bag. One half is as much as both others together.",
    }
    probability = (
        "At that temperature the first class has nearly everything. Write the temperature, not a "
        "probability."
    )

    def probe(answer):
        if np.size(answer) != 1 or np.asarray(answer).dtype.kind not in "iuf":
            raise NotYet(no_number)
        temperature = float(np.ravel(answer)[0])
        if not temperature > 0:
            raise NotYet(not_above_zero)
        if temperature == 0.5:
            raise NotYet(probability)
        for number, sentence in known.items():
            if math.isclose(temperature, number, abs_tol=0.006):
                raise NotYet(sentence)
        # 1 / log of the golden ratio, which is 2.078, is between two steps of the slider.
        if temperature < 2.04:
            raise NotYet(too_cold)
        if temperature > 2.11:
            raise NotYet(too_hot)
        yield "your answer", "one half"

    return Exercise(
        solution=2.078,
        mistakes={
            too_cold: [1, 2.0],
            too_hot: [2.15, 5],
            probability: [0.5],
            **{sentence: [number] for number, sentence in known.items()},
            not_above_zero: [-2.078],
            no_number: ["2.078", [2.05, 2.1]],
        },
        probe=probe,
        hints=(
            "Turn the slider of the explorer, and watch the last column of the first class.",
            "Between two steps of the slider the probability passes through one half. Either of "
            "the two will do.",
            "Or with algebra: for x = exp(1/T), one half means x² = x + 1.",
        ),
        takeaway="With x = exp(1/T) the three exponentials are x², x and 1, and one half means x² "
        "= x + 1. That x is the golden ratio, 1.618, and T is 1 divided by its logarithm.",
        explanation="The first class has one half when its exponential equals the sum of the two "
        "others: exp(2/T) = exp(1/T) + 1. The positive root of x² = x + 1 is 1.618, so T = 1 / "
        "log 1.618.",
    )


EXERCISES = {
    "9.1": weight_offsets,
    "9.2": read_weights,
    "9.3": agreement,
    "9.4": temperature_of_one_half,
}
