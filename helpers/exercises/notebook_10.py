"""The exercises of notebook 10, Your own project."""

import math

import numpy as np

from helpers import metrics
from helpers.exercises.judging import Exercise, NotYet, calls, grouped


def questions_that_can_be_answered() -> Exercise:
    """Which of the questions A to E can Fashion-MNIST answer?"""
    right = [False, True, False, True, False]
    told = (
        "A: each class has the same number of pictures because its makers chose so. They say "
        "nothing about sales.",
        "B: half of the pictures are in the data, and an accuracy with its interval answers it.",
        "C: none of your pictures is in the data, and an accuracy on other pictures does not carry "
        "over.",
        "D: every test picture can be shifted by program, so the loss of accuracy can be measured.",
        "E: which number would settle it? As long as there is none, no data can answer it.",
    )
    no_list = "Give `check` a list of five, True or False, for the questions A to E."

    def observe(answer):
        if not isinstance(answer, (list, tuple, np.ndarray)) or len(answer) != 5:
            raise NotYet(no_list)
        for given, wanted, sentence in zip(answer, right, told, strict=True):
            if not isinstance(given, (bool, np.bool_)):
                raise NotYet(no_list)
            if given != wanted:
                raise NotYet(sentence)
            yield "your answer", bool(given)

    def turned(place):
        return [answer != (number == place) for number, answer in enumerate(right)]

    return Exercise(
        solution=right,
        also_right=(tuple(right), np.array(right), [np.bool_(answer) for answer in right]),
        mistakes=grouped(
            (
                *((turned(place), sentence) for place, sentence in enumerate(told)),
                ([True] * 5, told[0]),
                ([False] * 5, told[1]),
                ("BD", no_list),
                (["B", "D"], no_list),
                ([0, 1, 0, 1, 0], no_list),
            )
        ),
        probe=observe,
        hints=(
            "Ask of each question: which number, computed from these pictures and labels, would "
            "decide it?",
            "Two of the three others are about a world that these pictures do not show. One names "
            "nothing that can be measured.",
            "B and D can be answered: each is the difference of two accuracies on pictures that "
            "you have.",
        ),
        takeaway="A question that no number can decide is no project yet. Turn it until one can.",
        explanation="B and D compare two accuracies on pictures that are there. A asks about sales, C "
        "about "
        "photos that nobody has taken yet, and E about a word that nobody has defined.",
    )


def rows_in_both() -> Exercise:
    """How many test pictures stand in the training set, too?"""

    def shared_rows(training, test):
        seen = {picture.tobytes() for picture in training}
        return sum(picture.tobytes() in seen for picture in test)

    def with_loops(training, test):
        return sum(any(np.array_equal(one, other) for other in training) for one in test)

    def with_broadcasting(training, test):
        a, b = training.reshape(len(training), -1), test.reshape(len(test), -1)
        return (b[:, np.newaxis] == a).all(axis=2).any(axis=1).sum()

    def with_lists(training, test):
        return [picture.tolist() in training.tolist() for picture in test].count(True)

    def pairs(training, test):
        return sum(np.array_equal(one, other) for one in test for other in training)

    def same_place(training, test):
        return sum(np.array_equal(*pair) for pair in zip(training, test, strict=False))

    def without_position(training, test):
        seen = {tuple(np.sort(picture.ravel())) for picture in training}
        return sum(tuple(np.sort(picture.ravel())) in seen for picture in test)

    def sums_only(training, test):
        return np.isin(test.sum(axis=(1, 2)), training.sum(axis=(1, 2))).sum()

    def any_pixel(training, test):
        return sum(any((one == other).any() for other in training) for one in test)

    def pixel_values(training, test):
        return np.isin(test, training).sum()

    def distinct(training, test):
        return len({one.tobytes() for one in training} & {one.tobytes() for one in test})

    cases = (
        (
            np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[1, 2], [3, 4]]]),
            np.array(
                [
                    [[9, 9], [9, 9]],
                    [[1, 2], [3, 4]],
                    [[5, 6], [7, 8]],
                    [[5, 6], [7, 8]],
                    [[1, 2], [3, 4]],
                ]
            ),
        ),
        (
            np.array([[[1, 0], [0, 0]], [[0, 1], [2, 0]], [[4, 4], [4, 4]]]),
            np.array([[[0, 0], [0, 1]], [[0, 1], [2, 0]], [[8, 8], [0, 0]], [[4, 3], [3, 3]]]),
        ),
        (np.array([[[1, 1], [1, 1]]]), np.array([[[2, 2], [2, 2]], [[3, 3], [3, 3]]])),
    )
    return Exercise(
        solution=shared_rows,
        also_right=(with_loops, with_broadcasting, with_lists),
        mistakes=grouped(
            (
                (
                    pairs,
                    "You counted pairs. A test picture that stands in the training set twice is still "
                    "one test picture.",
                ),
                (
                    lambda a, b: shared_rows(b, a),
                    "You counted training pictures. Count the *test* pictures that are known.",
                ),
                (
                    distinct,
                    "You counted different pictures. A test picture that occurs twice is two answers "
                    "that the model knows.",
                ),
                (
                    same_place,
                    "You compared pictures at the same place only. The copy may stand anywhere.",
                ),
                (
                    lambda a, b: shared_rows(a, b) / len(b),
                    "This is the share. Return how many there are.",
                ),
                (
                    lambda a, b: shared_rows(a, b) > 0,
                    "This says whether there are any. Return how many there are.",
                ),
                (
                    any_pixel,
                    "One equal pixel is not enough: all pixels of a picture have to be equal.",
                ),
                (pixel_values, "You counted pixels. Compare whole pictures."),
                (
                    sums_only,
                    "Two different pictures can have the same sum. Compare all their pixels.",
                ),
                (
                    without_position,
                    "The same pixels in other places are another picture: do not sort them.",
                ),
            )
        ),
        probe=calls(*cases),
        hints=(
            "For each test picture there is one question: does an equal one stand anywhere in the "
            "training set?",
            "A set answers that at once, but arrays cannot be put into a set. Their bytes can: "
            "`picture.tobytes()`.",
            "Make the set of the bytes of all training pictures. Then count the test pictures "
            "whose bytes are in it.",
        ),
        takeaway="Copies in both parts are the commonest leak there is. This line belongs before "
        "every training.",
        explanation="A set finds its members without comparing them all, so 70,000 pictures take a blink. "
        "Bytes stand for a picture exactly: equal bytes, equal pixels.",
    )


def the_majority_baseline() -> Exercise:
    """What does "always the most frequent class" score?"""

    def majority_accuracy(training_labels, test_labels):
        most_frequent = np.bincount(training_labels).argmax()
        return np.mean(test_labels == most_frequent)

    def with_unique(training_labels, test_labels):
        names, counts = np.unique(training_labels, return_counts=True)
        return float((np.asarray(test_labels) == names[counts.argmax()]).mean())

    def with_lists(training_labels, test_labels):
        training, test = training_labels.tolist(), test_labels.tolist()
        return test.count(max(set(training), key=training.count)) / len(test)

    def with_the_metric(training_labels, test_labels):
        answers = np.full(len(test_labels), np.bincount(training_labels).argmax())
        return metrics.accuracy(test_labels, answers)

    cases = (
        (np.array([0, 2, 2, 2, 1, 0]), np.array([2, 2, 0, 1, 1])),
        (np.array([3, 3, 1, 1, 1, 0, 4]), np.array([3, 3, 3, 1])),
        (np.array([1, 1, 0]), np.array([0, 0])),
    )
    return Exercise(
        solution=majority_accuracy,
        also_right=(with_unique, with_lists, with_the_metric),
        mistakes=grouped(
            (
                (
                    lambda a, b: np.bincount(b).max() / len(b),
                    "You took the most frequent class of the test labels. A model knows the training "
                    "labels only, and so does a baseline.",
                ),
                (
                    lambda a, b: np.bincount(a).max() / len(a),
                    "This is its share of the training labels. Score the answer on the test labels.",
                ),
                (
                    lambda a, b: 1 / len(np.unique(a)),
                    "This would be right if all classes were equally frequent. They are not.",
                ),
                (
                    lambda a, b: np.bincount(a).argmax(),
                    "This is the class. Return the share of test labels that are equal to it.",
                ),
                (
                    lambda a, b: np.sum(b == np.bincount(a).argmax()),
                    "This is a number of pictures. Return the share: use the mean.",
                ),
                (
                    lambda a, b: np.mean(b == np.bincount(a).max()),
                    "`max` gives how often the class occurs. `argmax` gives which class it is.",
                ),
                (
                    lambda a, b: np.mean(b == a.max()),
                    "This is the class with the highest number, not the most frequent one.",
                ),
                (
                    lambda a, b: np.mean(b != np.bincount(a).argmax()),
                    "This is the share of wrong answers. Return that of the right ones.",
                ),
            )
        ),
        probe=calls(*cases),
        hints=(
            "There are two steps: the training labels say which class, the test labels say how "
            "good that answer is.",
            "`np.bincount` counts each class, and `argmax` tells which count is the largest.",
            "Compare the test labels with `np.bincount(training_labels).argmax()`, and take the "
            "mean of that.",
        ),
        takeaway="On seven shelves it scores 0.4, and a model with 0.5 has learnt almost nothing.",
        explanation="The most frequent class is learnt from the training labels, and scored on the test "
        "labels, like any other model.",
    )


def wilson_by_code() -> Exercise:
    """The interval of an accuracy, from the formula."""

    def wilson_interval(correct, count):
        z, share = 1.96, correct / count
        stretch = 1 + z**2 / count
        centre = (share + z**2 / (2 * count)) / stretch
        half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / stretch
        return centre - half, centre + half

    def by_the_helper(correct, count):
        return metrics.wilson_interval(correct, count)

    def by_solving(correct, count):
        share, z2 = correct / count, 1.96**2
        roots = np.roots([1 + z2 / count, -(2 * share + z2 / count), share**2])
        return np.sort(roots.real)

    def as_a_list(correct, count):
        z = 1.96
        middle = (correct + z * z / 2) / (count + z * z)
        root = math.sqrt(correct * (count - correct) / count + z * z / 4)
        return [middle - z * root / (count + z * z), middle + z * root / (count + z * z)]

    def changed(z=1.96, move=True, inner=True, root=True, stretched=True):
        def function(correct, count):
            share = correct / count
            stretch = 1 + z**2 / count if stretched else 1
            centre = (share + z**2 / (2 * count)) / stretch if move else share
            inside = share * (1 - share) / count + (z**2 / (4 * count**2) if inner else 0)
            half = z * (inside**0.5 if root else inside) / stretch
            return centre - half, centre + half

        return function

    def observe(function):
        for given, ends in calls((8, 10), (885, 1000), (10, 10), (1, 200))(function):
            if np.size(ends) != 2:
                raise NotYet("Return both ends, and nothing else: `return low, high`.")
            yield given, ends

    return Exercise(
        solution=wilson_interval,
        also_right=(by_the_helper, by_solving, as_a_list),
        mistakes=grouped(
            (
                (
                    lambda correct, count: (
                        correct / count
                        - 1.96 * (correct / count * (1 - correct / count) / count) ** 0.5,
                        correct / count
                        + 1.96 * (correct / count * (1 - correct / count) / count) ** 0.5,
                    ),
                    "This is share ± z errors. It claims certainty for 10 of 10, and that is why "
                    "Wilson's formula has more terms.",
                ),
                (
                    changed(move=False),
                    "Your interval lies around the share itself. The centre of Wilson's is moved "
                    "towards one half.",
                ),
                (
                    changed(inner=False),
                    "Below the root, the term z² / (4 n²) is missing.",
                ),
                (changed(root=False), "The square root is missing."),
                (
                    changed(stretched=False),
                    "The division by 1 + z² / n is missing: the centre needs it, and so does the half "
                    "width.",
                ),
                (changed(z=1.645), "With z = 1.645 it is a 90 % interval. For 95 %, z is 1.96."),
                (changed(z=2.576), "With z = 2.576 it is a 99 % interval. For 95 %, z is 1.96."),
                (changed(z=1.0), "The z is missing, or 1: that holds two times in three only."),
                (
                    lambda correct, count: wilson_interval(correct, count)[::-1],
                    "The ends are exchanged: the lower one comes first.",
                ),
                (
                    lambda correct, count: [100 * end for end in wilson_interval(correct, count)],
                    "These are percentages. Return shares between 0 and 1.",
                ),
                (
                    lambda correct, count: [count * end for end in wilson_interval(correct, count)],
                    "These are numbers of pictures. Return shares: begin with correct / count.",
                ),
            )
        ),
        probe=observe,
        hints=(
            "Translate the formula piece by piece, each with a name: the share, the stretch below "
            "the line, the centre, the half width.",
            "`stretch = 1 + z**2 / count` divides both: the centre, and the half width with its "
            "root.",
            "`half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / stretch`; "
            "then return the centre minus and plus it.",
        ),
        takeaway="From now on no accuracy leaves your hands without it. The course has it as "
        "`metrics.wilson_interval`.",
        explanation="The interval holds every true share that would make the measured one no surprise: at "
        "most 1.96 standard errors away. Solving that for the true share gives the formula.",
        tolerance=2e-5,
    )


def the_luck_of_the_best() -> Exercise:
    """By how much does the best of many models look too good?"""

    def optimism(used, fresh):
        best = np.argmax(used)
        return used[best] - fresh[best]

    def with_a_difference(used, fresh):
        return (np.asarray(used) - np.asarray(fresh))[np.asarray(used).argmax()]

    def sorted_pairs(used, fresh):
        highest, again = max(zip(used, fresh, strict=True), key=lambda pair: pair[0])
        return float(highest - again)

    def with_a_mask(used, fresh):
        return used.max() - fresh[used == used.max()][0]

    cases = (
        (np.array([0.1, 0.13, 0.09, 0.11]), np.array([0.12, 0.1, 0.105, 0.08])),
        (np.array([0.885, 0.88, 0.91]), np.array([0.9, 0.87, 0.884])),
        (np.array([0.5, 0.4, 0.45]), np.array([0.55, 0.3, 0.6])),
    )
    return Exercise(
        solution=optimism,
        also_right=(with_a_difference, sorted_pairs, with_a_mask),
        mistakes=grouped(
            (
                (
                    lambda used, fresh: used.max() - fresh.max(),
                    "You took the best score on the fresh labels, too. That is another model: take the "
                    "fresh score of the one that was chosen.",
                ),
                (
                    lambda used, fresh: np.max(used - fresh),
                    "This is the model that fell furthest. Take the one that looked best.",
                ),
                (
                    lambda used, fresh: fresh[np.argmax(used)] - used[np.argmax(used)],
                    "The sign is turned round: optimism is positive where the used score is too high.",
                ),
                (
                    lambda used, fresh: used[np.argmax(fresh)] - fresh[np.argmax(fresh)],
                    "You chose by the fresh labels. The choice was made on the used ones.",
                ),
                (
                    lambda used, fresh: used.max() - used.mean(),
                    "You compared with the other models. Compare with the chosen model's own fresh "
                    "score.",
                ),
                (
                    lambda used, fresh: used.max() - fresh.mean(),
                    "You compared with the mean of all models. Take the fresh score of the chosen one.",
                ),
                (
                    lambda used, fresh: np.mean(used - fresh),
                    "This is the mean over all models, chosen or not. Take the chosen one only.",
                ),
                (
                    lambda used, fresh: used[np.argmin(used)] - fresh[np.argmin(used)],
                    "This is the worst model. Who would have chosen it?",
                ),
                (
                    lambda used, fresh: np.argmax(used),
                    "This is which model was chosen. Return by how much its two scores differ.",
                ),
                (
                    lambda used, fresh: fresh[np.argmax(used)],
                    "This is the fresh score of the chosen model. Subtract it from the used one.",
                ),
            )
        ),
        probe=calls(*cases),
        hints=(
            "One model is chosen. Which of the two arrays decides which one?",
            "`np.argmax(used)` is the chosen model's place, and it is its place in both arrays.",
            "Let `best` be that place. The answer is the used score at `best` minus the fresh "
            "score at `best`.",
        ),
        takeaway="What the chosen one loses was luck. The validation pictures may suffer this; the "
        "test pictures must not.",
        explanation="The highest of many scores is high because of quality and of luck. On fresh labels "
        "the quality stays and the luck does not.",
    )


EXERCISES = {
    "10.1": questions_that_can_be_answered,
    "10.2": rows_in_both,
    "10.3": the_majority_baseline,
    "10.4": wilson_by_code,
    "10.5": the_luck_of_the_best,
}
