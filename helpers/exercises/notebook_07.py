"""The exercises of notebook 07, A convolutional network and its mistakes."""

import numpy as np

from helpers.exercises.judging import Exercise, NotYet, calls, grouped
from helpers.maths import softmax


def shift_without_wrapping_round() -> Exercise:
    """Pictures moved down and to the right, with white where nothing comes from."""

    def shifted(images, down, right):
        result = np.zeros_like(images)
        height, width = images.shape[1:]
        result[:, down:, right:] = images[:, : height - down, : width - right]
        return result

    def padded_first(images, down, right):
        height, width = images.shape[1:]
        return np.pad(images, ((0, 0), (down, 0), (right, 0)))[:, :height, :width]

    def rolled_then_cleared(images, down, right):
        result = np.roll(images, (down, right), axis=(1, 2))
        result[:, :down] = 0
        result[:, :, :right] = 0
        return result

    def pixel_by_pixel(images, down, right):
        result = np.zeros(images.shape)
        for number, row, column in np.ndindex(images.shape):
            if row >= down and column >= right:
                result[number, row, column] = images[number, row - down, column - right]
        return result

    def both_ways_round(images, down, right):
        result = np.zeros_like(images)
        for source, target in zip(images, result, strict=True):
            moved = target[down:, right:]
            moved[...] = source[: moved.shape[0], : moved.shape[1]]
        return result

    def rows_from_the_wrong_side(images, down, right):
        result = np.zeros_like(images)
        height, width = images.shape[1:]
        result[:, : height - down, : width - right] = images[:, down:, right:]
        return result

    def exchanged(images, down, right):
        return shifted(images, right, down)

    def only_down(images, down, right):
        return shifted(images, down, 0)

    def only_right(images, down, right):
        return shifted(images, 0, right)

    def gap_not_cleared(images, down, right):
        result = images.copy()
        height, width = images.shape[1:]
        result[:, down:, right:] = images[:, : height - down, : width - right]
        return result

    def grown(images, down, right):
        return np.pad(images, ((0, 0), (down, 0), (right, 0)))

    def cut(images, down, right):
        height, width = images.shape[1:]
        return images[:, : height - down, : width - right]

    def order_of_the_pictures(images, down, right):
        result = np.zeros_like(images)
        result[down:, right:] = images[: len(images) - down, : images.shape[1] - right]
        return result

    images = np.arange(1, 25, dtype=np.uint8).reshape(2, 3, 4)
    return Exercise(
        solution=shifted,
        also_right=(padded_first, rolled_then_cleared, pixel_by_pixel, both_ways_round),
        mistakes=grouped(
            (
                (
                    lambda images, down, right: np.roll(images, (down, right), axis=(1, 2)),
                    "What leaves on one side comes in on the other. `np.roll` does that: put zeros "
                    "where it wraps round.",
                ),
                (
                    lambda images, down, right: np.roll(images, (down, right)),
                    "Without `axis`, `np.roll` lays all pictures out in one line, and moves that. Down "
                    "is axis 1 and right is axis 2, and nothing should come in on the other side.",
                ),
                (
                    rows_from_the_wrong_side,
                    "The pictures went up and to the left. The *target* starts at `down`, the source "
                    "at 0.",
                ),
                (
                    exchanged,
                    "Down and right are exchanged. The axes are pictures, rows, columns, and down "
                    "moves along the rows.",
                ),
                (only_down, "The pictures went down, but not to the right."),
                (only_right, "The pictures went to the right, but not down."),
                (
                    gap_not_cleared,
                    "The old picture shows in the gap. Start from `np.zeros_like(images)`, not from "
                    "a copy.",
                ),
                (
                    grown,
                    "Your pictures have grown. Cut off what leaves on the other side.",
                ),
                (
                    cut,
                    "Your pictures have shrunk. Put this part into an array of zeros of the old size.",
                ),
                (
                    order_of_the_pictures,
                    "The first axis counts the pictures, and you moved them along it. Rows are axis "
                    "1, columns axis 2: begin with `[:, …]`.",
                ),
                (lambda images, down, right: images, "Nothing has moved."),
                (
                    lambda images, down, right: np.zeros_like(images),
                    "Everything is zero. Copy the part that stays in the picture.",
                ),
            )
        ),
        probe=calls(
            (images, 1, 2),
            (images, 0, 1),
            (images, 2, 0),
            (images, 0, 0),
            (images / 24.0, 1, 1),
            (images[:1, :, :3], 2, 1),
        ),
        hints=(
            "Begin with an array of zeros in the shape of `images`. Which part of it gets "
            "something, and from which part of the pictures?",
            "The target begins at row `down` and column `right`, and goes to the end. The source "
            "begins at 0 and ends earlier.",
            "With `height, width = images.shape[1:]` the source is "
            "`images[:, : height - down, : width - right]`.",
        ),
        takeaway="You can move a garment without touching the garment. The course's own version, "
        "`images.shifted`, also goes up and to the left.",
        explanation="Two slices of the same size: the target without its first rows and columns, the "
        "source without its last. `height - down` is better than `-down`, because for 0 the slice "
        "`[:-0]` is empty.",
    )


def filter_on_a_picture() -> Exercise:
    """A kernel on every place of a picture where it fits."""

    def convolve(image, kernel):
        rows, columns = kernel.shape
        height, width = image.shape[0] - rows + 1, image.shape[1] - columns + 1
        result = np.zeros((height, width))
        for i in range(height):
            for j in range(width):
                result[i, j] = (image[i : i + rows, j : j + columns] * kernel).sum()
        return result

    def one_weight_at_a_time(image, kernel):
        height, width = np.array(image.shape) - kernel.shape + 1
        result = np.zeros((height, width))
        for (i, j), weight in np.ndenumerate(kernel):
            result += weight * image[i : i + height, j : j + width]
        return result

    def as_a_matrix_product(image, kernel):
        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
        return windows.reshape(*windows.shape[:2], -1) @ kernel.ravel()

    def as_nested_lists(image, kernel):
        rows, columns = kernel.shape
        return [
            [
                np.vdot(image[i : i + rows, j : j + columns], kernel)
                for j in range(image.shape[1] - columns + 1)
            ]
            for i in range(image.shape[0] - rows + 1)
        ]

    def in_single_precision(image, kernel):
        return convolve(image.astype(np.float32), kernel.astype(np.float32)).astype(np.float32)

    def one_place_short(image, kernel):
        return convolve(image, kernel)[:-1, :-1]

    def with_zeros_around(image, kernel):
        up, left = (kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2
        down, right = kernel.shape[0] - 1 - up, kernel.shape[1] - 1 - left
        return convolve(np.pad(image, ((up, down), (left, right))), kernel)

    def in_a_large_array(image, kernel):
        result = np.zeros(image.shape)
        inner = convolve(image, kernel)
        result[: inner.shape[0], : inner.shape[1]] = inner
        return result

    def without_overlap(image, kernel):
        return convolve(image, kernel)[:: kernel.shape[0], :: kernel.shape[1]]

    image = np.array([[1, 2, 0, 1], [0, 1, 3, 1], [2, 1, 0, 1]])
    edge = np.array([[1.0, -1.0], [2.0, -3.0]])
    generator = np.random.default_rng(7)
    return Exercise(
        solution=convolve,
        also_right=(
            one_weight_at_a_time,
            as_a_matrix_product,
            as_nested_lists,
            in_single_precision,
        ),
        mistakes=grouped(
            (
                (
                    lambda image, kernel: convolve(image, kernel[::-1, ::-1]),
                    "You turned the kernel round before laying it on. That is the mathematician's "
                    "convolution; networks use the kernel as it is.",
                ),
                (
                    lambda image, kernel: convolve(image, kernel[::-1]),
                    "The kernel is upside down. Its first row meets the upper row of the patch.",
                ),
                (
                    lambda image, kernel: convolve(image, kernel[:, ::-1]),
                    "Left and right of the kernel are exchanged.",
                ),
                (
                    one_place_short,
                    "The last row and the last column are missing. A kernel of 2 fits 3 times on 4 "
                    "pixels: `4 - 2 + 1`.",
                ),
                (
                    with_zeros_around,
                    "You put zeros around the picture. Here the kernel stays inside it, so the result "
                    "is smaller than the picture.",
                ),
                (
                    in_a_large_array,
                    "The result has the size of the picture, and zeros where the kernel does not "
                    "fit. Make it smaller: one number for each place.",
                ),
                (
                    without_overlap,
                    "The kernel jumped by its own size. Move it by one pixel at a time, so that the "
                    "patches overlap.",
                ),
                (
                    lambda image, kernel: convolve(image, kernel) / kernel.size,
                    "You took the mean of the products. It is their sum.",
                ),
                (
                    lambda image, kernel: convolve(image, kernel) * 0 + (image * 1.0).sum(),
                    "Every place has the sum of the whole picture. Cut out the patch first.",
                ),
                (
                    lambda image, kernel: np.maximum(convolve(image, kernel), 0),
                    "Negative results became 0. That is ReLU, and it comes later.",
                ),
                (
                    lambda image, kernel: convolve(image, kernel).T,
                    "Rows and columns of your result are exchanged.",
                ),
                (
                    lambda image, kernel: convolve(image, np.ones_like(kernel)),
                    "You summed up the patch, but did not multiply it by the kernel.",
                ),
            )
        ),
        probe=calls(
            (image, edge),
            (generator.integers(0, 255, (5, 4)).astype(float), generator.normal(size=(3, 2))),
            (generator.random((3, 6)), generator.normal(size=(1, 3))),
            (generator.random((3, 3)), generator.normal(size=(3, 3))),
        ),
        hints=(
            "At how many places does a kernel of 2 rows fit on a picture of 3 rows? That is the "
            "height of the result.",
            "Two loops, over the rows and the columns of the *result*. At each place, cut out a "
            "patch in the shape of the kernel.",
            "The patch at row i, column j is `image[i : i + rows, j : j + columns]`. Multiply it "
            "by the kernel, entry by entry, and sum up.",
        ),
        takeaway="This is the whole of a convolution. Everything else in the layer is many of "
        "these, added up, with a bias and a bend.",
        explanation="Each number of the result is the score of one template on one patch. It is what a "
        "dense unit computes, with a picture as small as the kernel.",
    )


def sizes_of_a_convolution() -> Exercise:
    """How large is the result, and how many parameters does it take?"""
    right = [15, 760, 4]
    no_list = "Give `check` the three numbers in one list, in the order of the questions."
    no_number = "Each of the three answers is a number."
    questions = (
        "the side of the result",
        "the parameters of the first layer",
        "how many times as many parameters the second layer has",
    )
    # What a learner who made a mistake writes, and what to tell them: one list for each question.
    told = (
        {
            33: "33 is the side of the picture. The kernel must stay inside, and it skips places.",
            29: "29 is the side for a stride of 1. With a stride of 2, count every other place.",
            17: "17 would be right with zeros around the picture. Here the kernel stays inside it.",
            16: "That is about half of 33. But the last start at which five pixels are left is 28.",
            14: "That is (33 − 5) / 2. The start at 0 counts, too.",
            225: "That is the number of places in the whole result. The question is for its side.",
        },
        {
            750: "The biases are missing: one for each filter.",
            250: "A filter looks at all three channels: it has 5 · 5 · 3 weights.",
            260: "A filter looks at all three channels: it has 5 · 5 · 3 weights, and one bias.",
            751: "There is one bias for each of the ten filters, not one for all.",
            780: "There is one bias for each filter, whatever the number of channels.",
            1000: "A filter has 5 · 5 weights for each channel, and one bias of its own.",
            76: "That is one filter. The layer has ten.",
            75: "That is one filter without its bias. The layer has ten.",
            171000: "The weights are shared: the same filter is used at all places, so the number "
            "of places does not matter.",
        },
        {
            1: "More filters, more weights: count the parameters of the second layer once more.",
            2: "Twice as many filters, and each has twice as many channels to look at.",
            8: "Doubling the filters and doubling the channels gives twice times twice.",
            16: "Doubling the filters and doubling the channels gives twice times twice.",
        },
    )
    other = (
        "Write down where the kernel starts: 0, 2, 4 and so on. The last five pixels of 33 begin "
        "at 28.",
        "Count the weights of one filter, 5 · 5 for each channel, add its bias, and multiply by "
        "the number of filters.",
        "Ask for the weights alone: filters times channels times the size of the kernel. What "
        "happens to this product when two of its factors double?",
    )

    def observe(answers):
        if not isinstance(answers, (list, tuple, np.ndarray)) or len(answers) != 3:
            raise NotYet(no_list)
        for answer, wanted, sentences, otherwise, question in zip(
            answers, right, told, other, questions, strict=True
        ):
            if np.ndim(answer) or np.asarray(answer).dtype.kind not in "iuf":
                raise NotYet(no_number)
            if answer != wanted:
                # Raised, since an observation would be shown beside the right number.
                raise NotYet(sentences.get(float(answer), otherwise))
            yield question, answer

    def confusions():
        for place, sentences in enumerate(told):
            for number, sentence in {**sentences, 12345: other[place]}.items():
                yield [*right[:place], number, *right[place + 1 :]], sentence

    return Exercise(
        solution=right,
        also_right=((15, 760, 4), np.array([15, 760, 4]), [15.0, 10 * (5 * 5 * 3 + 1), 2 * 2]),
        mistakes=grouped(
            (*confusions(), ([15, 760], no_list), (760, no_list), (["15", 760, 4], no_number))
        ),
        probe=observe,
        hints=(
            "First answer: write down the columns at which the kernel can start, and count them. "
            "Second: how many weights has one filter?",
            "A filter is as deep as its input has channels: rows times columns times channels, "
            "and one bias.",
            "Starts are 0, 2, …, 28. One filter has 5 · 5 · 3 weights and one bias. For the third, "
            "filters and channels both double.",
        ),
        takeaway="No picture size in the count of parameters: a filter does not care how large the "
        "world is. That is what weight sharing buys.",
        explanation="The starts 0, 2, …, 28 are (33 − 5) / 2 + 1 = 15. A filter has 5 · 5 · 3 + 1 = 76 "
        "parameters, ten filters 760. And the weights are filters · channels · 5 · 5: twice as "
        "many of both makes four times the product.",
    )


def trust_and_find() -> Exercise:
    """Precision and recall of each class from a confusion matrix."""

    def precision_and_recall(matrix):
        right = np.diag(matrix)
        return right / matrix.sum(axis=0), right / matrix.sum(axis=1)

    def with_loops(matrix):
        precision, recall = [], []
        for number in range(len(matrix)):
            precision.append(matrix[number, number] / sum(matrix[:, number]))
            recall.append(matrix[number, number] / sum(matrix[number]))
        return precision, recall

    def from_single_answers(matrix):
        truth, answer = np.nonzero(matrix)
        counts = matrix[truth, answer]
        classes = np.arange(len(matrix))
        hits = [counts[(truth == k) & (answer == k)].sum() for k in classes]
        answered = [counts[answer == k].sum() for k in classes]
        present = [counts[truth == k].sum() for k in classes]
        return np.array([np.divide(hits, answered), np.divide(hits, present)])

    def with_einsum(matrix):
        hits = np.einsum("kk->k", matrix).astype(float)
        return [hits / (np.ones(len(matrix)) @ matrix), hits / (matrix @ np.ones(len(matrix)))]

    def observe(function):
        cases = (
            np.array([[8, 2], [4, 6]]),
            np.array([[50, 0, 3], [30, 20, 0], [1, 1, 70]]),
            np.array([[5, 1, 0, 2], [0, 7, 0, 0], [3, 0, 9, 1], [0, 2, 0, 4]]),
        )
        for given, both in calls(*((case,) for case in cases))(function):
            if not isinstance(both, (tuple, list, np.ndarray)) or len(both) != 2:
                raise NotYet("Return both, and nothing else: `return precision, recall`.")
            yield f"{given}: precision", both[0]
            yield f"{given}: recall", both[1]

    def mean(shares):
        return shares.mean()

    return Exercise(
        solution=precision_and_recall,
        also_right=(with_loops, from_single_answers, with_einsum),
        mistakes=grouped(
            (
                (
                    lambda m: precision_and_recall(m)[::-1],
                    "The two are exchanged. Precision asks about the answers, and they stand in the "
                    "columns: sum over `axis=0`.",
                ),
                (
                    lambda m: (np.diag(m) / m.sum(axis=0),) * 2,
                    "Precision is right. Recall asks about the pictures of a class, and they stand in "
                    "its row: sum over `axis=1`.",
                ),
                (
                    lambda m: (np.diag(m) / m.sum(axis=1),) * 2,
                    "Recall would be right. Precision asks about the answers of a class, and they "
                    "stand in its column: sum over `axis=0`.",
                ),
                (
                    lambda m: (np.diag(m) / m.sum(),) * 2,
                    "You divided by all pictures. Precision divides by the answers of the class, "
                    "recall by its pictures.",
                ),
                (
                    lambda m: (m / m.sum(axis=0), m / m.sum(axis=1)),
                    "You divided the whole matrix. Only its diagonal holds right answers: `np.diag`.",
                ),
                (
                    lambda m: tuple(map(mean, precision_and_recall(m))),
                    "You took the mean over the classes. Return one number for each class.",
                ),
                (
                    lambda m: (
                        np.diag(m) / (m.sum(axis=0) - np.diag(m)),
                        np.diag(m) / (m.sum(axis=1) - np.diag(m)),
                    ),
                    "You divided by the mistakes alone. The right answers belong in the sums, too.",
                ),
                (
                    lambda m: (1 - np.diag(m) / m.sum(axis=0), 1 - np.diag(m) / m.sum(axis=1)),
                    "These are the shares of mistakes. Take the shares of right answers.",
                ),
                (
                    lambda m: (m.max(axis=0) / m.sum(axis=0), m.max(axis=1) / m.sum(axis=1)),
                    "The largest number of a row or a column need not be on the diagonal. Take "
                    "`np.diag`.",
                ),
                (
                    lambda m: np.diag(m) / m.sum(axis=0),
                    "Return both, and nothing else: `return precision, recall`.",
                ),
                (
                    lambda m: (np.diag(m).sum() / m.sum(),) * 2,
                    "This is the accuracy, one number for all. Return one number for each class.",
                ),
            )
        ),
        probe=observe,
        hints=(
            "Both have the same numerator, the right answers of a class. They stand on the "
            "diagonal. Which sums do you divide by?",
            "The pictures that *are* a shirt stand in the row of the shirt. The pictures that were "
            "*called* a shirt stand in its column.",
            "`np.diag(matrix)` divided by `matrix.sum(axis=0)`, and by `matrix.sum(axis=1)`.",
        ),
        takeaway="Two questions that sound alike and are not: can I trust this answer, and will it "
        "be found? One of them can be .9 where the other is .5.",
        explanation="A column holds all answers of a class, so the diagonal divided by it is the share of "
        "answers that are right: precision. A row holds all its pictures: recall.",
    )


def most_confident_first() -> Exercise:
    """The row numbers of the wrong predictions, the most confident first."""

    def most_confident_mistakes(probabilities, labels, count):
        answers = probabilities.argmax(axis=1)
        mistakes = np.flatnonzero(answers != labels)
        confidence = probabilities[mistakes].max(axis=1)
        return mistakes[np.argsort(-confidence)[:count]]

    def sorted_by_hand(probabilities, labels, count):
        found = [
            (-max(row), number)
            for number, (row, label) in enumerate(zip(probabilities, labels, strict=True))
            if row[label] < max(row)
        ]
        return [number for _, number in sorted(found)[:count]]

    def with_a_mask(probabilities, labels, count):
        wrong = probabilities.argmax(axis=1) != labels
        scores = np.where(wrong, probabilities.max(axis=1), -1.0)
        return np.argsort(scores)[::-1][: min(count, wrong.sum())]

    def sorted_first(probabilities, labels, count):
        order = np.argsort(probabilities.max(axis=1))[::-1]
        wrong = probabilities[order].argmax(axis=1) != labels[order]
        return order[wrong][:count].tolist()

    def numbers_among_the_mistakes(probabilities, labels, count):
        mistakes = np.flatnonzero(probabilities.argmax(axis=1) != labels)
        return np.argsort(-probabilities[mistakes].max(axis=1))[:count]

    def least_confident(probabilities, labels, count):
        return most_confident_mistakes(probabilities, labels, len(labels))[::-1][:count]

    def right_ones_too(probabilities, labels, count):
        return np.argsort(-probabilities.max(axis=1))[:count]

    def right_ones_only(probabilities, labels, count):
        right = np.flatnonzero(probabilities.argmax(axis=1) == labels)
        return right[np.argsort(-probabilities[right].max(axis=1))[:count]]

    def unsorted(probabilities, labels, count):
        return np.flatnonzero(probabilities.argmax(axis=1) != labels)[:count]

    def smallest_true_probability(probabilities, labels, count):
        true = probabilities[np.arange(len(labels)), labels]
        mistakes = np.flatnonzero(probabilities.argmax(axis=1) != labels)
        return mistakes[np.argsort(true[mistakes])[:count]]

    def in_rising_order(probabilities, labels, count):
        return np.sort(most_confident_mistakes(probabilities, labels, count))

    def all_of_them(probabilities, labels, count):
        return most_confident_mistakes(probabilities, labels, len(labels))

    def one_only(probabilities, labels, count):
        return most_confident_mistakes(probabilities, labels, 1)

    def confidences(probabilities, labels, count):
        chosen = most_confident_mistakes(probabilities, labels, count)
        return probabilities[chosen].max(axis=1)

    def answers_themselves(probabilities, labels, count):
        chosen = most_confident_mistakes(probabilities, labels, count)
        return probabilities[chosen].argmax(axis=1)

    # Drawn once and rounded; no two confidences are equal, and classes differ in both roles.
    generator = np.random.default_rng(5)
    first = softmax(generator.normal(scale=2, size=(8, 3)))
    second = softmax(generator.normal(scale=1.5, size=(12, 5)))
    return Exercise(
        solution=most_confident_mistakes,
        also_right=(sorted_by_hand, with_a_mask, sorted_first),
        mistakes=grouped(
            (
                (
                    numbers_among_the_mistakes,
                    "These numbers count among the mistakes. Use them to pick from the row numbers of "
                    "the mistakes.",
                ),
                (
                    least_confident,
                    "These are the least confident mistakes. Sort by minus confidence.",
                ),
                (
                    right_ones_too,
                    "Right answers are among them. Keep the rows whose answer differs from the label.",
                ),
                (
                    right_ones_only,
                    "These are right answers. Take those that differ from the label.",
                ),
                (unsorted, "These are mistakes, but not sorted by confidence."),
                (
                    smallest_true_probability,
                    "You sorted by the probability of the true class. Confidence is the probability of "
                    "the answer, the largest of the row.",
                ),
                (
                    in_rising_order,
                    "These are the right rows in rising order. The most confident stands first.",
                ),
                (all_of_them, "These are all mistakes. Return the first `count`."),
                (one_only, "This is the first one alone. Return `count` of them."),
                (
                    confidences,
                    "These are the confidences. Return the row numbers that they belong to.",
                ),
                (
                    answers_themselves,
                    "These are the classes that were answered. Return the row numbers.",
                ),
            )
        ),
        probe=calls(
            (first, np.array([0, 1, 2, 0, 1, 2, 0, 1]), 2),
            (second, np.arange(12) % 5, 4),
            (second, (np.arange(12) + 2) % 5, 5),
            (first, np.array([1, 0, 0, 1, 1, 2, 2, 2]), 20),
        ),
        hints=(
            "Three steps: what is the answer of each row, which rows are mistakes, and in which "
            "order?",
            "`np.flatnonzero(answers != labels)` gives the row numbers of the mistakes. Sort them "
            "by the largest probability of their rows.",
            "`np.argsort(-confidence)` sorts the confidences of the mistakes, and "
            "`mistakes[np.argsort(-confidence)]` are their row numbers.",
        ),
        takeaway="Two lines that belong in every project. Look at a model's most confident "
        "mistakes first: they show wrong labels, or a rule that it should not have learnt.",
        explanation="`np.argsort` numbers the mistakes from 0, so its result picks from `mistakes`, which "
        "holds row numbers. The minus sign turns rising into falling.",
    )


def who_peeked() -> Exercise:
    """Which of four reported test accuracies can be believed?"""
    right = ["peeked", "honest", "peeked", "honest"]
    told = {
        ("A", "honest"): "A trained fairly, but then kept the best of eight looks at the test "
        "pictures. Which epoch to keep is a choice, and the test set made it.",
        ("B", "peeked"): "B looked at the test pictures once, after every choice was made. That "
        "the number is lower than that of others is no reason to doubt it.",
        ("C", "honest"): "C did not train on the test pictures, and still let them choose: the "
        "number of filters is the one that suited them best.",
        ("D", "peeked"): "D drew many pictures and trained long, but made every choice on "
        "validation pictures. Much work is not peeking.",
    }
    no_list = "Give `check` four words in a list, one for each report."
    no_word = 'Each answer is "honest" or "peeked", in quotes.'

    def observe(answers):
        if not isinstance(answers, (list, tuple, np.ndarray)) or len(answers) != 4:
            raise NotYet(no_list)
        words = [str(answer).strip(" .!").lower() for answer in answers]
        if not set(words) <= {"honest", "peeked"}:
            raise NotYet(no_word)
        for report, word, wanted in zip("ABCD", words, right, strict=True):
            if word != wanted:
                # Raised, since an observation would be shown beside the right word.
                raise NotYet(told[report, word])
            yield f"report {report}", word

    def confusions():
        for place, (_, word) in enumerate(told):
            yield [*right[:place], word, *right[place + 1 :]], list(told.values())[place]

    return Exercise(
        solution=right,
        also_right=(
            tuple(right),
            np.array(right),
            [" Peeked", "HONEST", "peeked.", "honest "],
        ),
        mistakes=grouped(
            (
                *confusions(),
                ([True, False, True, False], no_word),
                (["A", "C"], no_list),
                ("peeked", no_list),
            )
        ),
        probe=observe,
        hints=(
            "For each report, ask one question only: was anything chosen after looking at the test "
            "pictures?",
            "Choosing is more than training. Which epoch to keep, how many filters to take, which "
            "seed to report: all of these are choices.",
            "Two of them chose something by the test accuracy: one an epoch, the other the size of "
            "the network.",
        ),
        takeaway="You read reports as a reviewer does. The question is never how good the number "
        "is, but who chose what by it.",
        explanation="A keeps the epoch, C the network that the test pictures liked best. The luck of these "
        "pictures is now part of the number. B and D made every choice without them.",
    )


EXERCISES = {
    "7.1": shift_without_wrapping_round,
    "7.2": filter_on_a_picture,
    "7.3": sizes_of_a_convolution,
    "7.4": trust_and_find,
    "7.5": most_confident_first,
    "7.6": who_peeked,
}
