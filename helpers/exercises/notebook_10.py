"""The exercises of notebook 10, Your own project."""

import math

import numpy as np

from helpers.exercises.answers import from_results
from helpers.exercises.exercise import Exercise, NotYet, calls


def answerable_questions() -> Exercise:
    """Which of the questions A to E can Fashion-MNIST answer?"""
    solution = [False, True, False, True, False]
    no_list = "Give `check` a list of five, True or False, for the questions A to E."
    mistakes: dict[str, list] = {
        # For a wrong answer about question A, B, C, D, E.
        "A: each class has the same number of pictures because its makers chose so. They say "
        "nothing about sales.": [[True, True, False, True, False], [True] * 5],
        "B: half of the pictures are in the data, and an accuracy with its interval answers it.": [
            [False, False, False, True, False],
            [False] * 5,
        ],
        "C: none of your pictures is in the data, and an accuracy on other pictures does not carry "
        "over.": [[False, True, True, True, False]],
        "D: every test picture can be shifted by program, "
        "so the loss of accuracy can be measured.": [[False, True, False, False, False]],
        "E: which number would settle it? As long as there is none, no data can answer it.": [
            [False, True, False, True, True]
        ],
        no_list: ["BD", ["B", "D"], [0, 1, 0, 1, 0]],
    }

    def probe(answer):
        if not isinstance(answer, (list, tuple, np.ndarray)) or len(answer) != 5:
            raise NotYet(no_list)
        for given, right, sentence in zip(answer, solution, mistakes, strict=False):
            if not isinstance(given, (bool, np.bool_)):
                raise NotYet(no_list)
            if given != right:
                raise NotYet(sentence)
            yield "your answer", bool(given)

    return Exercise(
        solution=solution,
        mistakes=mistakes,
        probe=probe,
        hints=(
            "Ask of each question: which number, computed from these pictures and labels, would "
            "decide it?",
            "Three can't be answered. Two of them are about a world that these pictures do not "
            "show, one names nothing that can be measured.",
            "B and D can be answered: each is the difference of two accuracies on pictures that "
            "you have.",
        ),
        takeaway="A question that no number can decide is no project yet. Turn it until one can.",
        explanation="B and D compare two accuracies on pictures that are there. A asks about "
        "sales, C about photos that nobody has taken yet, and E about a word that nobody has "
        "defined.",
    )


def overlap() -> Exercise:
    """How many test pictures are also in the training set?"""

    def shared_rows(training, test):
        seen = {picture.tobytes() for picture in training}
        return sum(picture.tobytes() in seen for picture in test)

    def pictures(*rows):
        return np.array([list(map(int, row)) for row in rows]).reshape(-1, 2, 2)

    cases = (
        (pictures("1234", "5678", "1234"), pictures("9999", "1234", "5678", "5678", "1234")),
        (pictures("1000", "0120", "4444"), pictures("0001", "0120", "8800", "4333")),
        (pictures("1111"), pictures("2222", "3333")),
        (pictures("1111", "2222"), pictures("1212", "2222")),
    )

    def wrong_results(train, test):
        right = shared_rows(train, test)
        equal = test[:, np.newaxis] == train  # (test, train, rows, columns)
        sums = [images.sum(axis=(1, 2)) for images in (test, train)]
        sorted_pixels = [np.sort(images.reshape(-1, 4)) for images in (train, test)]
        return {
            "You counted pairs. A test picture that stands in the training set twice is still one "
            "test picture.": [equal.all(axis=(2, 3)).sum()],
            "You counted training pictures. Count the *test* pictures that are known.": [
                shared_rows(test, train)
            ],
            "You counted different pictures. A test picture that occurs twice is two answers that "
            "the model knows.": [shared_rows(train, np.unique(test, axis=0))],
            "You compared pictures at the same place only. The copy may stand anywhere.": [
                sum(map(np.array_equal, train, test))
            ],
            "This is the share. Return how many there are.": [right / len(test)],
            "This says whether there are any. Return how many there are.": [right > 0],
            "One equal pixel is not enough: all pixels of a picture have to be equal.": [
                equal.any(axis=(1, 2, 3)).sum()
            ],
            "You counted pixels. Compare whole pictures.": [np.isin(test, train).sum()],
            "Two different pictures can have the same sum. Compare all their pixels.": [
                np.isin(*sums).sum()
            ],
            "`np.isin` asks of each pixel by itself whether its value occurs. Compare whole "
            "pictures.": [np.isin(test, train).all(axis=(1, 2)).sum()],
            "The same pixels in other places are another picture: do not sort them.": [
                shared_rows(*sorted_pixels)
            ],
        }

    return Exercise(
        solution=shared_rows,
        mistakes=from_results(wrong_results, *cases[0]),
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
        explanation="A set finds its members without comparing them all, so 70,000 pictures take a "
        "blink. Bytes stand for a picture exactly: equal bytes, equal pixels.",
    )


def majority_baseline() -> Exercise:
    """What does "always the most frequent class" score?"""

    def majority_accuracy(training_labels, test_labels):
        most_frequent = np.bincount(training_labels).argmax()
        return np.mean(test_labels == most_frequent)

    def wrong_results(train, test):
        counts, right = np.bincount(train), majority_accuracy(train, test)
        return {
            "You took the most frequent class of the test labels. A model knows the training "
            "labels only, and so does a baseline.": [majority_accuracy(test, test)],
            "This is its share of the training labels. Score the answer on the test labels.": [
                majority_accuracy(train, train)
            ],
            "This would be right if all classes were equally frequent. They are not.": [
                1 / len(np.unique(train))
            ],
            "This is the class. Return the share of test labels that are equal to it.": [
                counts.argmax()
            ],
            "This is a number of pictures. Return the share: use the mean.": [right * len(test)],
            "`max` gives how often the class occurs. `argmax` gives which class it is.": [
                np.mean(test == counts.max())
            ],
            "You scored the class with the highest number, not the most frequent one.": [
                np.mean(test == train.max())
            ],
            "`argmax` gives a place among the classes that occur, not a class. Count with "
            "`np.bincount`, or take `classes[place]`.": [
                np.mean(test == np.unique(train, return_counts=True)[1].argmax())
            ],
            "You took the median. The classes are names, with no middle: take the most frequent.": [
                np.mean(test == middle) for middle in (np.median(train), int(np.median(train)))
            ],
        }

    return Exercise(
        solution=majority_accuracy,
        mistakes=from_results(wrong_results, np.array([0]), np.array([0])),
        probe=calls(
            (np.array([0, 2, 2, 2, 1, 0]), np.array([2, 2, 0, 1, 1])),
            (np.array([3, 3, 1, 1, 1, 0, 4]), np.array([3, 3, 3, 1])),
            (np.array([1, 1, 0]), np.array([0, 0])),
            (np.array([4, 4, 4, 6, 6, 7, 7]), np.array([4, 4, 0, 0, 7, 6, 4, 1])),
        ),
        hints=(
            "There are two steps: the training labels say which class, the test labels say how "
            "good that answer is.",
            "`np.bincount` counts each class, and `argmax` tells which count is the largest.",
            "Compare the test labels with `np.bincount(training_labels).argmax()`, and take the "
            "mean of that.",
        ),
        takeaway="On seven shelves it scores 0.4, and a model with 0.5 has learnt almost nothing.",
        explanation="The most frequent class is learnt from the training labels, and scored on the "
        "test labels, like any other model.",
    )


def wilson() -> Exercise:
    """The interval of an accuracy, from the formula."""

    def wilson_interval(correct, count):
        z, share = 1.96, correct / count
        stretch = 1 + z**2 / count
        centre = (share + z**2 / (2 * count)) / stretch
        half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / stretch
        return centre - half, centre + half

    def probe(function):
        for given, ends in calls((8, 10), (885, 1000), (10, 10), (1, 200))(function):
            if np.size(ends) != 2:
                raise NotYet("Return both ends, and nothing else: `return low, high`.")
            yield given, ends

    def wrong_results(correct, count):
        share, right = correct / count, np.array(wilson_interval(correct, count))
        z_squared = 1.96**2
        stretch = 1 + z_squared / count

        def changed(
            z=1.96,
            share=share,
            move=z_squared / (2 * count),
            inner=z_squared / (4 * count**2),
            power=0.5,
            stretches=None,
        ):
            stretches = stretches or [1 + z**2 / count] * 2
            centre = (share + move * z**2 / z_squared) / stretches[0]
            inside = np.abs(share * (1 - share)) / count + inner * z**2 / z_squared
            half = z * inside**power / stretches[1]
            return centre - half, centre + half

        return {
            "This is share ± z errors. It claims certainty for 10 of 10, and that is why Wilson's "
            "formula has more terms.": [changed(move=0, inner=0, stretches=(1, 1))],
            "Your interval lies around the share itself. The centre of Wilson's is moved towards "
            "one half.": [changed(move=0, stretches=(1, stretch))],
            "p is the share of right answers, `correct / count`, and you put their number in its "
            "place.": [lambda: math.sqrt(correct * (1 - correct))],
            "Below the root, the term z² / (4 n²) is missing.": [changed(inner=0)],
            "Below the root, n is squared in the second term: z² / (4 n²).": [
                changed(inner=z_squared / (4 * count))
            ],
            "`z**2 / 2 * n` divides by 2 and then multiplies by n. Put brackets: `(2 * n)`.": [
                changed(move=z_squared / 2 * count),
                changed(move=z_squared / 2 * count, inner=z_squared / 4 * count**2),
            ],
            "`z**2 / 4 * n**2` divides by 4 and then multiplies by n². Put brackets: "
            "`(4 * n**2)`.": [changed(inner=z_squared / 4 * count**2)],
            "p is the share, correct / count, not the number of right answers.": [
                changed(share=correct)
            ],
            "Divide the half width by 1 + z² / n, too, as you did the centre.": [
                changed(stretches=(stretch, 1))
            ],
            "Divide the centre by 1 + z² / n, too, as you did the half width.": [
                changed(stretches=(1, stretch))
            ],
            "These are the centre and the half width. Return the ends: centre minus and plus it.": [
                [right.mean(), np.ptp(right) / 2]
            ],
            "The division by 1 + z² / n is missing: the centre needs it, and so does the half "
            "width.": [changed(stretches=(1, 1))],
            "With z = 2 it is nearly right. The exercise takes z = 1.96.": [changed(z=2)],
            "With z = 1.645 it is a 90 % interval. For 95 %, z is 1.96.": [changed(z=1.645)],
            "With z = 2.576 it is a 99 % interval. For 95 %, z is 1.96.": [changed(z=2.576)],
            "The z is missing, or 1: that holds two times in three only.": [changed(z=1)],
            "These are numbers of pictures. Return shares: begin with correct / count.": [
                count * right
            ],
        }

    return Exercise(
        solution=wilson_interval,
        mistakes=from_results(wrong_results, 8, 10),
        probe=probe,
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
        explanation="The interval holds every true share that would make the measured one no "
        "surprise: at most 1.96 standard errors away. Solving that for the true share gives the "
        "formula.",
        tolerance=2e-5,
    )


def selection_bias() -> Exercise:
    """By how much does the best of many models look too good?"""

    def optimism(used, fresh):
        best = np.argmax(used)
        return used[best] - fresh[best]

    def wrong_results(used, fresh):
        best, drops = np.argmax(used), used - fresh
        return {
            "You took the best score on the fresh labels, too. That is another model: take the "
            "fresh score of the one that was chosen.": [used.max() - fresh.max()],
            "This is the model that fell furthest. Take the one that looked best.": [drops.max()],
            "Optimism can be negative: leave out the absolute value.": [abs(drops[best])],
            "The sign is turned round: optimism is positive where the used score is too high.": [
                -drops[best]
            ],
            "You chose by the fresh labels. The choice was made on the used ones.": [
                -optimism(fresh, used)
            ],
            "You compared with the other models. "
            "Compare with the chosen model's own fresh score.": [used.max() - used.mean()],
            "You compared with the mean of all models. Take the fresh score of the chosen one.": [
                used.max() - fresh.mean()
            ],
            "This is the mean over all models, chosen or not. Take the chosen one only.": [
                drops.mean()
            ],
            "This is the worst model. Who would have chosen it?": [drops[np.argmin(used)]],
            "This is which model was chosen. Return by how much its two scores differ.": [best],
            "This is the fresh score of the chosen model. Subtract it from the used one.": [
                fresh[best]
            ],
        }

    return Exercise(
        solution=optimism,
        mistakes=from_results(wrong_results, np.ones(3), np.ones(3)),
        probe=calls(
            (np.array([0.1, 0.13, 0.09, 0.11]), np.array([0.12, 0.1, 0.105, 0.08])),
            (np.array([0.885, 0.88, 0.91]), np.array([0.9, 0.87, 0.884])),
            (np.array([0.5, 0.4, 0.45]), np.array([0.55, 0.3, 0.6])),
        ),
        hints=(
            "One model is chosen. Which of the two arrays decides which one?",
            "`np.argmax(used)` is the chosen model's place, and it is its place in both arrays.",
            "Let `best` be that place. The answer is the used score at `best` minus the fresh "
            "score at `best`.",
        ),
        takeaway="What the chosen one loses was luck. The validation pictures may suffer this; the "
        "test pictures must not.",
        explanation="The highest of many scores is high because of quality and of luck. On fresh "
        "labels the quality stays and the luck does not.",
    )


EXERCISES = {
    "10.1": answerable_questions,
    "10.2": overlap,
    "10.3": majority_baseline,
    "10.4": wilson,
    "10.5": selection_bias,
}
