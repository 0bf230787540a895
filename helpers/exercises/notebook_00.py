"""The exercises of notebook 00, Meet the data."""

import numpy as np

from helpers.exercises.judging import Exercise, calls, grouped, named_calls, value


def count_without_a_loop() -> Exercise:
    """How often each of the ten classes occurs."""

    def count_classes(labels):
        return np.bincount(labels, minlength=10)

    def by_comparing(labels):
        return (labels[:, np.newaxis] == np.arange(10)).sum(axis=0)

    def added_one_by_one(labels):
        counts = np.zeros(10, np.float32)
        np.add.at(counts, labels, 1)
        return counts

    def with_a_loop(labels):
        return [list(labels).count(number) for number in range(10)]

    def without_minlength(labels):
        return np.bincount(labels)

    def unique_counts(labels):
        return np.unique(labels, return_counts=True)[1]

    def unique_with_values(labels):
        return np.unique(labels, return_counts=True)

    def added_once(labels):
        counts = np.zeros(10, int)
        counts[labels] += 1
        return counts

    def shares(labels):
        return np.bincount(labels, minlength=10) / len(labels)

    def histogram(labels):
        return np.histogram(labels, bins=10)[0]

    def sums_of_labels(labels):
        return np.array([labels[labels == number].sum() for number in range(10)])

    def from_one(labels):
        return np.array([(labels == number).sum() for number in range(1, 11)])

    def one_to_nine(labels):
        return np.array([(labels == number).sum() for number in range(1, 10)])

    def up_to_eight(labels):
        return np.array([(labels == number).sum() for number in range(9)])

    def along_the_wrong_axis(labels):
        return (labels[:, np.newaxis] == np.arange(10)).sum(axis=1)

    def all_in_one(labels):
        return (labels[:, np.newaxis] == np.arange(10)).sum()

    def in_small_integers(labels):
        return np.bincount(labels, minlength=10).astype(np.uint8)

    leaves_out_classes = (
        "The classes that don't occur are missing. Each of the ten needs its count, even if it is "
        "0: try `np.bincount`."
    )
    return Exercise(
        solution=count_classes,
        also_right=(by_comparing, added_one_by_one, with_a_loop),
        mistakes=grouped(
            (
                (
                    without_minlength,
                    "The counts end at the largest label that occurs. Ask for all ten: give "
                    "`np.bincount` a `minlength`.",
                ),
                (unique_counts, leaves_out_classes),
                (unique_with_values, leaves_out_classes),
                (
                    added_once,
                    "A class that occurs several times is counted once: `counts[labels] += 1` writes "
                    "to each place only once. Use `np.bincount`.",
                ),
                (shares, "These are shares, which sum to 1. Leave out the division."),
                (
                    histogram,
                    "`np.histogram` cuts the range from the smallest to the largest label into bins, "
                    "so the bins are not the classes. Use `np.bincount`.",
                ),
                (
                    sums_of_labels,
                    "You added up the labels themselves. Count how many labels equal each number.",
                ),
                (from_one, "The first count belongs to class 0. Classes run from 0 to 9."),
                (one_to_nine, "Class 0 is missing. Classes run from 0 to 9."),
                (
                    up_to_eight,
                    "These are nine counts, but the classes run from 0 to 9: go one further.",
                ),
                (
                    along_the_wrong_axis,
                    "This has one number for each label, not for each class: sum over axis 0, the "
                    "labels.",
                ),
                (
                    all_in_one,
                    "You summed over everything. Keep one number for each class: sum over axis 0, the "
                    "labels.",
                ),
                (
                    in_small_integers,
                    "The counts wrapped around: a `uint8` goes back to 0 after 255. Count in larger "
                    "integers.",
                ),
            )
        ),
        probe=calls(
            (np.array([1, 1, 3]),),
            (np.array([9, 0, 5, 5, 9, 9], np.uint8),),
            (np.repeat(np.array([4, 7], np.uint8), [300, 20]),),
        ),
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


def pictures_until_luck_is_small() -> Exercise:
    """How many pictures bring the standard deviation of an accuracy down to 0.01."""
    numerator_alone = (
        "You divided by 0.01, but it must be squared: the square root is gone once you square "
        "both sides."
    )
    root_too_many = "You took a square root too many. Square both sides, then solve for n."
    not_in_proportion = (
        "Eight times less luck needs more than eight times the pictures: luck shrinks with the "
        "square root of n."
    )
    two_deviations = (
        "This is for two standard deviations within 0.01. Here one standard deviation is 0.01."
    )
    square_of_a_hundredth = "0.01 squared is 0.0001. Divide 0.835 · 0.165 by that."
    too_round = "Round to the nearest whole number, no further."
    return Exercise(
        solution=1378,
        also_right=(1378.0, 1377.75, np.float32(1378), np.array(1378)),
        mistakes=grouped(
            (
                (1377, "Nearly. n is 1377.75: round to the nearest whole number, don't cut off."),
                (1380, too_round),
                (1400, too_round),
                (13, numerator_alone),
                (14, numerator_alone),
                (13.7775, numerator_alone),
                (13.78, numerator_alone),
                (13.8, numerator_alone),
                (138, square_of_a_hundredth),
                (13778, square_of_a_hundredth),
                (137775, square_of_a_hundredth),
                (37, root_too_many),
                (37.12, root_too_many),
                (166, not_in_proportion),
                (160, not_in_proportion),
                (
                    1280,
                    "You started from 0.08, which is rounded. Put 0.835 and 0.165 into the formula.",
                ),
                (8350, "You left out the factor 0.165, the share of wrong answers."),
                (1650, "You left out the factor 0.835, the share of right answers."),
                (6972, "You multiplied 0.835 by itself. The second factor is 1 - 0.835 = 0.165."),
                (5511, two_deviations),
                (5293, two_deviations),
                (0.0007258, "This is 1/n. Turn the fraction round."),
            )
        ),
        probe=value,
        hints=(
            "Get rid of the square root first: square both sides of the equation.",
            "Squared, it reads 0.835 · 0.165 / n = 0.01 · 0.01. Now bring n to the other side.",
            "n is 0.835 · 0.165 divided by 0.0001. Let Python do the division, then round.",
        ),
        takeaway="About fourteen hundred pictures for luck of one point. The 10,000 of the test "
        "set bring it below half a point.",
        explanation="Square both sides: 0.835 · 0.165 / n = 0.0001, so n = 0.137775 / 0.0001 = 1377.75. "
        "Luck shrinks with the square root of n: ten times less of it costs a hundred times the "
        "pictures.",
        # Wide enough for 1377.75, too narrow for 1377.
        tolerance=2e-4,
    )


def check_the_algebra() -> Exercise:
    """Squared distances between pictures and centroids, straight from the definition."""

    def squared_distances(images, centroids):
        pictures = images.reshape(-1, 1, 784).astype(float)  # (n, 1, 784)
        averages = centroids.reshape(1, 10, 784).astype(float)  # (1, 10, 784)
        return ((pictures - averages) ** 2).sum(axis=-1)  # (n, 10)

    def with_loops(images, centroids):
        return [
            [np.sum((image.astype(float) - centroid) ** 2) for centroid in centroids]
            for image in images
        ]

    def multiplied_out(images, centroids):
        x = images.reshape(-1, 784).astype(np.float64)
        c = centroids.reshape(-1, 784).astype(np.float64)
        return (x**2).sum(axis=1, keepdims=True) - 2 * x @ c.T + (c**2).sum(axis=1)

    def in_single_precision(images, centroids):
        gaps = images[:, np.newaxis].astype(np.float32) - centroids.astype(np.float32)
        return np.einsum("ijkl,ijkl->ij", gaps, gaps)

    def squared_norms(images, centroids):
        gaps = images.astype(float)[:, np.newaxis] - centroids
        return np.linalg.norm(gaps.reshape(len(images), 10, -1), axis=-1) ** 2

    def never_floats(images, centroids):
        return ((images[:, np.newaxis] - centroids) ** 2).sum(axis=(2, 3))

    def floats_too_late(images, centroids):
        return ((images[:, np.newaxis] - centroids).astype(float) ** 2).sum(axis=(2, 3))

    def squared_before_floats(images, centroids):
        x, c = images.reshape(-1, 784), centroids.reshape(-1, 784)
        squares = (x**2).sum(axis=1, keepdims=True) + (c**2).sum(axis=1)
        return squares - 2 * x.astype(float) @ c.T

    def small_integers(images, centroids):
        gaps = images[:, np.newaxis].astype(np.int16) - centroids.astype(np.int16)
        return (gaps**2).sum(axis=(2, 3))

    def distances(images, centroids):
        return np.sqrt(squared_distances(images, centroids))

    def absolute_differences(images, centroids):
        return np.abs(images[:, np.newaxis].astype(float) - centroids).sum(axis=(2, 3))

    def differences(images, centroids):
        return (images[:, np.newaxis].astype(float) - centroids).sum(axis=(2, 3))

    def sum_before_square(images, centroids):
        return differences(images, centroids) ** 2

    def means(images, centroids):
        return squared_distances(images, centroids) / 784

    def of_scaled_pixels(images, centroids):
        return squared_distances(images, centroids) / 255**2

    def without_first_term(images, centroids):
        x = images.reshape(-1, 784).astype(float)
        c = centroids.reshape(-1, 784).astype(float)
        return (c**2).sum(axis=1) - 2 * x @ c.T

    def scores(images, centroids):
        return -without_first_term(images, centroids) / 2

    def mixed_term_once(images, centroids):
        x = images.reshape(-1, 784).astype(float)
        c = centroids.reshape(-1, 784).astype(float)
        return (x**2).sum(axis=1, keepdims=True) - x @ c.T + (c**2).sum(axis=1)

    def mixed_term_added(images, centroids):
        x = images.reshape(-1, 784).astype(float)
        c = centroids.reshape(-1, 784).astype(float)
        return (x**2).sum(axis=1, keepdims=True) + 2 * x @ c.T + (c**2).sum(axis=1)

    def squared_before_the_difference(images, centroids):
        squares = images[:, np.newaxis].astype(float) ** 2 - centroids.astype(float) ** 2
        return squares.sum(axis=(2, 3))

    def transposed(images, centroids):
        return squared_distances(images, centroids).T

    def one_axis_left(images, centroids):
        return ((images[:, np.newaxis].astype(float) - centroids) ** 2).sum(axis=-1)

    def everything(images, centroids):
        return ((images[:, np.newaxis].astype(float) - centroids) ** 2).sum()

    def nearest(images, centroids):
        return squared_distances(images, centroids).argmin(axis=1)

    def smallest(images, centroids):
        return squared_distances(images, centroids).min(axis=1)

    first_pixel = np.zeros((10, 28, 28))
    first_pixel[:, 0, 0] = range(10)
    two_pixels = np.zeros((1, 28, 28))
    two_pixels[0, 0, :2] = 3, 4
    random = np.random.default_rng(0)
    observe = named_calls(
        (
            "a picture with the pixels 3 and 4, else 0; centroid k with the first pixel k, else 0",
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

    wraps_around = (
        "The numbers wrapped around: integers this small cannot hold every difference and square. "
        "Turn both arrays into floats before you subtract or square."
    )
    return Exercise(
        solution=squared_distances,
        also_right=(with_loops, multiplied_out, in_single_precision, squared_norms),
        mistakes=grouped(
            (
                (never_floats, wraps_around),
                (floats_too_late, wraps_around),
                (squared_before_floats, wraps_around),
                (small_integers, wraps_around),
                (distances, "These are the distances. Leave out the square root."),
                (
                    absolute_differences,
                    "You added up the absolute differences. Square each of them instead.",
                ),
                (
                    differences,
                    "You added up the differences, so that plus and minus cancel. Square each "
                    "difference first.",
                ),
                (
                    sum_before_square,
                    "You squared the sum. Square each difference first, then add them up.",
                ),
                (means, "You took the mean over the pixels. The squared distance is their sum."),
                (
                    of_scaled_pixels,
                    "You divided the pixels by 255. Keep them as they are, only as floats.",
                ),
                (
                    without_first_term,
                    "The term of the picture alone is missing, so these can be negative. Start from "
                    "the squared differences.",
                ),
                (
                    scores,
                    "These are the scores of the section above. Start from the squared differences "
                    "instead, so that you test the algebra.",
                ),
                (
                    mixed_term_added,
                    "The product of picture and centroid is subtracted: `- 2 * x @ c.T`.",
                ),
                (
                    squared_before_the_difference,
                    "You squared pictures and centroids, then subtracted. Subtract first, then square.",
                ),
                (
                    mixed_term_once,
                    "The product of picture and centroid counts twice: `- 2 * x @ c.T`.",
                ),
                (
                    transposed,
                    "Rows and columns are exchanged: one row for each picture, one column for each "
                    "centroid.",
                ),
                (
                    one_axis_left,
                    "You summed along the rows of pixels only. Sum over both axes of a picture: "
                    "`axis=(2, 3)`.",
                ),
                (
                    everything,
                    "You summed over everything. Keep the axes of pictures and centroids, and sum over "
                    "the pixels.",
                ),
                (nearest, "That is the nearest class. Return all ten distances of each picture."),
                (
                    smallest,
                    "That is the smallest distance. Return all ten distances of each picture.",
                ),
            )
        ),
        probe=observe,
        hints=(
            "For one picture and one centroid: subtract, square, add up. Start with two loops if "
            "you like.",
            "`images[:, np.newaxis]` has the shape (n, 1, 28, 28). Minus `centroids`, that gives "
            "(n, 10, 28, 28).",
            "Turn both into floats with `.astype(float)`, subtract, square, and sum over the last "
            "two axes.",
        ),
        takeaway="Now compare: `squared_distances(data.test_images[:100], centroids)"
        ".argmin(axis=1)` and `scores[:100].argmax(axis=1)` choose the same classes, so weights "
        "and a constant are all that a nearest centroid needs.",
        explanation="An axis of length 1 for the centroids, and another for the pictures, let NumPy "
        "subtract each from each. The floats come first, since uint8 has no negative numbers.",
    )


def where_the_average_fails() -> Exercise:
    """The share of each class that is recognised."""

    def recall_by_class(labels, predictions):
        hits = labels == predictions
        return np.array([hits[labels == number].mean() for number in range(10)])

    def from_counts(labels, predictions):
        found = np.bincount(labels[labels == predictions], minlength=10)
        return (found / np.bincount(labels, minlength=10)).astype(np.float32)

    def with_loops(labels, predictions):
        shares = []
        for number in range(10):
            answers = [
                guess for label, guess in zip(labels, predictions, strict=True) if label == number
            ]
            shares.append(answers.count(number) / len(answers))
        return shares

    def from_confusion_matrix(labels, predictions):
        counts = np.zeros((10, 10))
        np.add.at(counts, (labels, predictions), 1)
        return counts.diagonal() / counts.sum(axis=1)

    def precision(labels, predictions):
        hits = labels == predictions
        return np.array([hits[predictions == number].mean() for number in range(10)])

    def of_all_pictures(labels, predictions):
        hits = labels == predictions
        return np.array([(hits & (labels == number)).sum() / len(labels) for number in range(10)])

    def counts(labels, predictions):
        return np.bincount(labels[labels == predictions], minlength=10)

    def overall(labels, predictions):
        return (labels == predictions).mean()

    def misses(labels, predictions):
        return 1 - recall_by_class(labels, predictions)

    def in_percent(labels, predictions):
        return 100 * recall_by_class(labels, predictions)

    def worst_class(labels, predictions):
        return recall_by_class(labels, predictions).argmin()

    def worst_share(labels, predictions):
        return recall_by_class(labels, predictions).min()

    def frequencies(labels, predictions):
        return np.bincount(predictions, minlength=10) / np.bincount(labels, minlength=10)

    def frequencies_of_predictions(labels, predictions):
        return np.bincount(predictions, minlength=10) / len(predictions)

    def frequencies_of_labels(labels, predictions):
        return np.bincount(labels, minlength=10) / len(labels)

    def one_against_the_rest(labels, predictions):
        return np.array(
            [((labels == number) == (predictions == number)).mean() for number in range(10)]
        )

    def mean_class_number(labels, predictions):
        return np.array([predictions[labels == number].mean() for number in range(10)])

    def whole_division(labels, predictions):
        return counts(labels, predictions) // np.bincount(labels, minlength=10)

    random = np.random.default_rng(0)
    return Exercise(
        solution=recall_by_class,
        also_right=(from_counts, with_loops, from_confusion_matrix),
        mistakes=grouped(
            (
                (
                    precision,
                    "You divided by how often each class was predicted. Divide by how often it occurs "
                    "among the labels.",
                ),
                (
                    of_all_pictures,
                    "You divided by the number of all pictures. Divide by the number in the class.",
                ),
                (counts, "These are counts. Divide each by the number of pictures in its class."),
                (
                    overall,
                    "This is one accuracy for all pictures together. Return ten, one for each class.",
                ),
                (misses, "These are the shares that it gets wrong. Take the right ones."),
                (in_percent, "These are percentages. Shares lie between 0 and 1."),
                (
                    worst_class,
                    "That is the number of the worst class. Return all ten shares, and look for the "
                    "worst afterwards.",
                ),
                (worst_share, "That is the smallest share. Return all ten."),
                (
                    frequencies,
                    "You counted all the predictions of a class, wrong ones too. Count those that "
                    "equal their label.",
                ),
                (
                    frequencies_of_predictions,
                    "This is how often each class is predicted. Compare the predictions with the "
                    "labels.",
                ),
                (
                    frequencies_of_labels,
                    "This is how often each class occurs. Compare the predictions with the labels.",
                ),
                (
                    one_against_the_rest,
                    "The pictures of other classes count here, too. Choose the pictures whose label is "
                    "the class, and look at those alone.",
                ),
                (
                    mean_class_number,
                    "You averaged the class numbers. Compare each prediction with the label first, and "
                    "average what comes out.",
                ),
                (whole_division, "`//` cuts off what is behind the point. Divide with `/`."),
            )
        ),
        probe=calls(
            (
                np.array([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9], np.uint8),
                np.array([0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 9, 8]),
            ),
            (np.arange(60, dtype=np.uint8) % 10, random.permutation(60) % 10),
        ),
        hints=(
            "Begin with one class: `labels == 3` marks the pictures that belong to class 3.",
            "`predictions[labels == 3]` is what was answered for them. Which share of it is 3?",
            "`(predictions[labels == 3] == 3).mean()` is that share. Collect it for all ten.",
        ),
        takeaway="One accuracy hides ten. Now call it on the test set, with "
        "`scores.argmax(axis=1)` as predictions, and see which garment it hides.",
        explanation="A comparison gives True and False, which count as 1 and 0, so their mean is a share. "
        "On the test set the shirt is worst: its average looks like that of the other tops.",
    )


EXERCISES = {
    "0.1": count_without_a_loop,
    "0.2": pictures_until_luck_is_small,
    "0.3": check_the_algebra,
    "0.4": where_the_average_fails,
}
