"""The exercises of notebook 00, Meet the data."""

import numpy as np

from helpers.exercises.answers import from_results
from helpers.exercises.exercise import Exercise, calls, named_calls, value


def class_counts() -> Exercise:
    """How often each of the ten classes occurs."""

    def count_classes(labels):
        return np.bincount(labels, minlength=10)

    def wrong_results(labels):
        counts, is_class = count_classes(labels), labels[:, np.newaxis] == np.arange(10)
        return {
            "The counts end at the largest label that occurs. Ask for all ten: give `np.bincount` "
            "a `minlength`.": [np.bincount(labels)],
            "The classes that don't occur are missing. Each of the ten needs its count, even if it "
            "is 0: try `np.bincount`.": [counts[counts > 0], np.unique(labels, return_counts=True)],
            "A class that occurs several times is counted once: `counts[labels] += 1` writes to "
            "each place only once. Use `np.bincount`.": [counts > 0],
            "These are shares, which sum to 1. Leave out the division.": [counts / len(labels)],
            "`np.histogram` cuts the range from the smallest to the largest label into bins, so "
            "the bins are not the classes. Use `np.bincount`.": [np.histogram(labels, bins=10)[0]],
            "You added up the labels themselves. Count how many labels equal each number.": [
                counts * np.arange(10)
            ],
            "The first count belongs to class 0. Classes run from 0 to 9.": [
                np.bincount(labels, minlength=11)[1:]
            ],
            "These are nine counts, but the classes run from 0 to 9: go one further.": [counts[:9]],
            "This has one number for each label, not for each class: sum over axis 0, the "
            "labels.": [is_class.sum(axis=1)],
            "The counts wrapped around: a `uint8` goes back to 0 after 255. Count in larger "
            "integers.": [counts.astype(np.uint8)],
        }

    cases = (
        (np.array([1, 1, 3]),),
        (np.array([9, 0, 5, 5, 9, 9], np.uint8),),
        (np.repeat(np.array([4, 7], np.uint8), [300, 20]),),
    )
    return Exercise(
        solution=count_classes,
        mistakes=from_results(wrong_results, *cases[0]),
        probe=calls(*cases),
        hints=(
            "NumPy has a function that counts how often each small integer occurs.",
            "It is `np.bincount`. What does it return for labels among which 9 is missing?",
            "`np.bincount` takes `minlength`, the smallest number of counts that you want.",
        ),
        takeaway="One call counts 60,000 labels. The most frequent class is the first baseline "
        "that a model has to beat.",
        explanation="np.bincount makes one bin for each integer from 0 to the largest that occurs. "
        "minlength=10 adds the empty bins after it.",
    )


def sample_size() -> Exercise:
    """How many pictures bring the standard deviation of an accuracy down to 0.01."""
    return Exercise(
        solution=1378,
        mistakes={
            "Nearly. n is 1377.75: round to the nearest whole number, don't cut off.": [1377],
            "Right, but not yet rounded to a whole number.": [1377.75],
            "Round to the nearest whole number, no further.": [1380, 1400],
            "You divided by 0.01, but it must be squared: the square root is gone once you square "
            "both sides.": [13, 14, 13.7775, 13.78, 13.8],
            "0.01 squared is 0.0001. Divide 0.835 · 0.165 by that.": [138, 13778, 137775],
            "Per cent and shares are mixed: 83.5 · 16.5 goes with 1 per cent, 0.835 · 0.165 with "
            "0.01.": [13777500],
            "You took a square root too many. Square both sides, then solve for n.": [37, 37.12],
            "Eight times less luck needs more than eight times the pictures: luck shrinks with the "
            "square root of n.": [166, 160],
            "You started from 0.08, which is rounded. Put 0.835 and 0.165 into the formula.": [
                1280
            ],
            "You left out the factor 0.165, the share of wrong answers.": [8350],
            "You left out the factor 0.835, the share of right answers.": [1650],
            "You multiplied 0.835 by itself. The second factor is 1 - 0.835 = 0.165.": [6972],
            "This is for two standard deviations within "
            "0.01. Here one standard deviation is 0.01.": [5511, 5293],
            "This is 1/n. Turn the fraction round.": [0.0007258],
        },
        probe=value,
        hints=(
            "Get rid of the square root first: square both sides of the equation.",
            "Squared, it reads 0.835 · 0.165 / n = 0.01 · 0.01. Now bring n to the other side.",
            "n is 0.835 · 0.165 divided by 0.0001. Let Python do the division, then round.",
        ),
        takeaway="About fourteen hundred pictures for luck of one point. The 10,000 of the test "
        "set bring it below half a point.",
        explanation="Square both sides: 0.835 · 0.165 / n = 0.0001, so n = 0.137775 / 0.0001 = "
        "1377.75. Luck shrinks with the square root of n: ten times less of it costs a hundred "
        "times the pictures.",
        tolerance=1e-5,  # too narrow for 1377.75
    )


def distances_to_centroids() -> Exercise:
    """Squared distances between pictures and centroids, straight from the definition."""

    def squared_distances(images, centroids):
        pictures = images.reshape(-1, 1, 784).astype(float)  # (n, 1, 784)
        averages = centroids.reshape(1, 10, 784).astype(float)  # (1, 10, 784)
        return ((pictures - averages) ** 2).sum(axis=-1)  # (n, 10)

    def wrong_results(images, centroids):
        def total(array):
            return array.sum(axis=(-2, -1))  # over the pixels

        right = squared_distances(images, centroids)
        x, c = images[:, np.newaxis], centroids  # (n, 1, 28, 28) and (10, 28, 28)
        as_given, x8, c8 = x - c, x.astype(np.uint8), c.astype(np.uint8)
        x, c = x.astype(float), c.astype(float)
        gaps, product = x - c, total(x * c)
        return {
            "The numbers wrapped around: integers this small cannot hold every difference and "
            "square. Turn both arrays into floats before you subtract or square.": [
                total(as_given**2),
                total(as_given.astype(float) ** 2),
                total(x8**2) - 2 * product + total(c8**2),
                total(gaps.astype(np.int16) ** 2),
                total(x8**2) - 2 * total(x8 * c) + total(c**2),
            ],
            "These are the distances. Leave out the square root.": [np.sqrt(right)],
            "You added up the absolute differences. Square each of them instead.": [
                total(np.abs(gaps))
            ],
            "You added up the differences, so that plus and minus cancel. Square each difference "
            "first.": [total(gaps)],
            "You squared the sum. Square each difference first, then add them up.": [
                total(gaps) ** 2
            ],
            "You took the mean over the pixels. The squared distance is their sum.": [right / 784],
            "You divided the pixels by 255. Keep them as they are, only as floats.": [
                right / 255**2
            ],
            "The term of the picture alone is missing, so these can be negative. Start from the "
            "squared differences.": [total(c**2) - 2 * product],
            "These are the scores of the section above. Start from the squared differences "
            "instead, so that you test the algebra.": [product - total(c**2) / 2],
            "The product of picture and centroid is subtracted: `- 2 * x @ c.T`.": [
                total(x**2) + 2 * product + total(c**2)
            ],
            "You squared pictures and centroids, then subtracted. Subtract first, then square.": [
                total(x**2 - c**2)
            ],
            "The product of picture and centroid counts twice: `- 2 * x @ c.T`.": [
                total(x**2) - product + total(c**2)
            ],
            "Rows and columns are exchanged: one row for each picture, one column for each "
            "centroid.": [right.T],
            "That is the nearest class. Return all ten distances of each picture.": [
                right.argmin(axis=1)
            ],
            "That is the smallest distance. Return all ten distances of each picture.": [
                right.min(axis=1)
            ],
        }

    first_pixel = np.zeros((10, 28, 28))
    first_pixel[:, 0, 0] = range(10)
    two_pixels = np.zeros((2, 28, 28))
    two_pixels[:, 0, :2] = (3, 4), (6, 0)
    random = np.random.default_rng(0)
    cases = (
        (
            "two pictures with the pixels 3 and 4, and 6 and 0, else 0; centroid k with the first "
            "pixel k, else 0",
            (two_pixels, first_pixel),
        ),
        (
            "the same as uint8, and centroid k has the first pixel 28 k",
            (two_pixels.astype(np.uint8), (28 * first_pixel).astype(np.uint8)),
        ),
        (
            "three pictures and ten centroids of random pixels",
            (random.integers(0, 256, (3, 28, 28), np.uint8), random.uniform(0, 255, (10, 28, 28))),
        ),
    )
    return Exercise(
        solution=squared_distances,
        mistakes=from_results(wrong_results, two_pixels, first_pixel),
        probe=named_calls(*cases),
        hints=(
            "For one picture and one centroid: subtract, square, add up. Start with two loops if "
            "you like.",
            "`images[:, np.newaxis]` has the shape (n, 1, 28, 28). Minus `centroids`, that gives "
            "(n, 10, 28, 28).",
            "Turn both into floats with `.astype(float)`, subtract, square, and sum over the last "
            "two axes.",
        ),
        takeaway="Now compare: "
        "`squared_distances(data.test_images[:100], centroids).argmin(axis=1)` and "
        "`scores[:100].argmax(axis=1)` choose the same classes, so weights and a constant are all "
        "that a nearest centroid needs.",
        explanation="An axis of length 1 for the centroids, and another for the pictures, let "
        "NumPy subtract each from each. The floats come "
        "first, since uint8 has no negative numbers.",
    )


def recall_per_class() -> Exercise:
    """The share of each class that is recognised."""

    def recall_by_class(labels, predictions):
        hits = labels == predictions
        return np.array([hits[labels == number].mean() for number in range(10)])

    def wrong_results(labels, predictions):
        shares, right = recall_by_class(labels, predictions), labels == predictions
        occur, predicted, hits = (
            np.bincount(classes, minlength=10) for classes in (labels, predictions, labels[right])
        )
        members = [(labels == number, predictions == number) for number in range(10)]
        return {
            "You divided by how often each class was predicted. Divide by how often it occurs "
            "among the labels.": [hits / predicted],
            "You divided by the number of all pictures. Divide by the number in the class.": [
                hits / len(labels)
            ],
            "These are counts. Divide each by the number of pictures in its class.": [hits],
            "This is one accuracy for all pictures together. Return ten, one for each class.": [
                right.mean()
            ],
            "That is the number of the worst class. Return all ten shares, and look for the worst "
            "afterwards.": [shares.argmin()],
            "That is the smallest share. Return all ten.": [shares.min()],
            "You counted all the predictions of a class, wrong ones too. Count those that equal "
            "their label.": [predicted / occur],
            "This is how often each class is predicted. Compare the predictions with the labels.": [
                predicted / len(labels)
            ],
            "This is how often each class occurs. Compare the predictions with the labels.": [
                occur / len(labels)
            ],
            "The pictures of other classes count here, too. Choose the pictures whose label is the "
            "class, and look at those "
            "alone.": [[(own == guessed).mean() for own, guessed in members]],
            "You averaged the class numbers. Compare each prediction with the label first, and "
            "average what comes out.": [[predictions[own].mean() for own, _ in members]],
            "`np.bincount` ends at the largest class that it finds, and a class without a hit may "
            "be the last: give it `minlength=10`.": [
                lambda: np.bincount(labels[right]) / np.bincount(labels)
            ],
            "You went through the classes that were predicted. A class that never is has the "
            "recall 0: go through all ten.": [shares[np.unique(predictions)]],
        }

    cases = (
        (
            np.array([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9], np.uint8),
            np.array([0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 9, 8]),
        ),
        (np.arange(60, dtype=np.uint8) % 10, np.random.default_rng(0).permutation(60) % 10),
        (np.arange(20, dtype=np.uint8) % 10, np.arange(20) % 10 % 7),
    )
    return Exercise(
        solution=recall_by_class,
        mistakes=from_results(wrong_results, *cases[0]),
        probe=calls(*cases),
        hints=(
            "Begin with one class: `labels == 3` marks the pictures that belong to class 3.",
            "`predictions[labels == 3]` is what was answered for them. Which share of it is 3?",
            "`(predictions[labels == 3] == 3).mean()` is that share. Collect it for all ten.",
        ),
        takeaway="One accuracy hides ten. Now call it on the test set, with "
        "`scores.argmax(axis=1)` as predictions, and see which garment it hides.",
        explanation="A comparison gives True and False, which count as 1 and 0, so their mean is a "
        "share. On the test set the shirt is worst: its average looks like that of the other tops.",
    )


EXERCISES = {
    "0.1": class_counts,
    "0.2": sample_size,
    "0.3": distances_to_centroids,
    "0.4": recall_per_class,
}
