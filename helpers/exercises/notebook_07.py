"""The exercises of notebook 07, A convolutional network and its mistakes."""

import numpy as np

from helpers.exercises.answers import from_results
from helpers.exercises.exercise import Exercise, NotYet, calls
from helpers.maths import softmax


def shift() -> Exercise:
    """Pictures moved down and to the right, with white where nothing comes from."""

    def shifted(images, down, right):
        result = np.zeros_like(images)
        height, width = images.shape[1:]
        result[:, down:, right:] = images[:, : height - down, : width - right]
        return result

    images = np.arange(1, 25, dtype=np.uint8).reshape(2, 3, 4)

    def in_one_row(x, down, right):
        rows, step = x.reshape(len(x), -1), down * x.shape[2] + right
        return np.pad(rows, ((0, 0), (step, 0)))[:, : rows.shape[1]].reshape(x.shape)

    def wrong_results(x, down, right):
        moved = shifted(x, down, right)
        return {
            "What leaves on one side comes in on the other. `np.roll` does that: put zeros where "
            "it wraps round.": [np.roll(x, (down, right), axis=(1, 2))],
            "Without `axis`, `np.roll` lays all pictures out in one line, and moves that. Down is "
            "axis 1 and right is axis 2, "
            "and nothing should come in on the other side.": [np.roll(x, (down, right))],
            "What leaves a row on the right enters the next row on the left. Move rows and columns "
            "of `images`, not one long row.": [lambda: in_one_row(x, down, right)],
            "The pictures went up and to the left. The *target* starts at `down`, "
            "the source at 0.": [np.pad(x[:, down:, right:], ((0, 0), (0, down), (0, right)))],
            "Down and right are exchanged. The axes are pictures, rows, columns, and down moves "
            "along the rows.": [shifted(x, right, down)],
            "The pictures went down, but not to the right.": [shifted(x, down, 0)],
            "The pictures went to the right, but not down.": [shifted(x, 0, right)],
            "The old picture shows in the gap. Start from `np.zeros_like(images)`, "
            "not from a copy.": [np.where(moved == 0, x, moved)],
            "Your pictures have grown. Cut off what leaves on the other side.": [
                np.pad(x, ((0, 0), (down, 0), (right, 0)))
            ],
            "Your pictures have shrunk. Put this part into an array of zeros of the old size.": [
                moved[:, down:, right:]
            ],
            "The first axis counts the pictures, and you moved them along it. Rows are axis 1, "
            "columns axis 2: "
            "begin with `[:, …]`.": [shifted(x.transpose(2, 0, 1), down, right).transpose(1, 2, 0)],
            "Nothing has moved.": [x],
            "You cleared the rows that came in from below, but not the columns from the other "
            "side.": [
                np.where(
                    np.arange(x.shape[1])[:, None] < down, 0, np.roll(x, (down, right), (1, 2))
                )
            ],
            "Everything is zero. Copy the part that stays in the picture.": [np.zeros_like(x)],
        }

    return Exercise(
        solution=shifted,
        mistakes=from_results(wrong_results, images, 1, 2),
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
            "With `height, width = images.shape[1:]` the source is `images[:, : height - down, : "
            "width - right]`.",
        ),
        takeaway="You can move a garment without touching the garment. The course's own version, "
        "`images.shifted`, also goes up and to the left.",
        explanation="Two slices of the same size: the target without its first rows and columns, "
        "the source without its last. `height - down` is better than `-down`, because for 0 the "
        "slice `[:-0]` is empty.",
    )


def convolution() -> Exercise:
    """A kernel on every place of a picture where it fits."""

    def convolve(image, kernel):
        rows, columns = kernel.shape
        height, width = image.shape[0] - rows + 1, image.shape[1] - columns + 1
        result = np.zeros((height, width))
        for i in range(height):
            for j in range(width):
                result[i, j] = (image[i : i + rows, j : j + columns] * kernel).sum()
        return result

    image = np.array([[1, 2, 0, 1], [0, 1, 3, 1], [2, 1, 0, 1]])
    edge = np.array([[1.0, -1.0], [2.0, -3.0]])
    generator = np.random.default_rng(7)

    def patches(image, kernel):
        return np.lib.stride_tricks.sliding_window_view(image, kernel.shape)

    def wrong_results(image, kernel):
        result, (rows, columns) = convolve(image, kernel), kernel.shape

        def of_a_square(product):
            squares = patches(image, np.empty((rows, rows)))
            return np.array([[product(patch) for patch in row] for row in squares])

        border = [((side - 1) // 2, side // 2) for side in kernel.shape]
        return {
            "You turned the kernel round before laying it on. That is the mathematician's "
            "convolution; networks use the kernel as it is.": [convolve(image, np.flip(kernel))],
            "The kernel is upside down. Its first row meets the upper row of the patch.": [
                convolve(image, np.flipud(kernel))
            ],
            "Left and right of the kernel are exchanged.": [convolve(image, np.fliplr(kernel))],
            "The last row and the last column are missing. A kernel of 2 fits 3 times on 4 pixels: "
            "`4 - 2 + 1`.": [result[:-1, :-1]],
            "You put zeros around the picture. Here the kernel stays inside it, so the result is "
            "smaller than the picture.": [
                convolve(np.pad(image, border), kernel),
                convolve(np.pad(image, [pair[::-1] for pair in border]), kernel),
                convolve(np.pad(image, [(0, side - 1) for side in kernel.shape]), kernel),
            ],
            "`@` multiplies matrices. Multiply patch and kernel entry by entry, with `*`.": [
                lambda: np.array(
                    [[(patch @ kernel).sum() for patch in row] for row in patches(image, kernel)]
                )
            ],
            "The result has the size of the picture, and zeros where the kernel does not fit. Make "
            "it smaller: "
            "one number for each place.": [np.pad(result, ((0, rows - 1), (0, columns - 1)))],
            "The kernel jumped by its own size. Move it by one pixel at a time, so that the "
            "patches overlap.": [result[::rows, ::columns]],
            "You took the mean of the products. It is their sum.": [
                convolve(image, kernel / kernel.size)
            ],
            "Every place has the sum of the whole picture. Cut out the patch first.": [
                np.full_like(result, image.sum())
            ],
            "Right for pictures of floats. But a result with the type of a picture of whole "
            "numbers, as `zeros_like` makes it, cuts off what comes after the point: use "
            "`np.zeros`.": [result.astype(image.dtype)],
            "You took the kernel for a square. Take both sides from it: `rows, columns = "
            "kernel.shape`.": [
                lambda: of_a_square(lambda patch: (patch * kernel).sum()),
                lambda: of_a_square(
                    lambda patch: sum(
                        patch[a, b] * kernel[a, b] for a in range(rows) for b in range(rows)
                    )
                ),
            ],
            "You summed up the patch, but did not multiply it by the kernel.": [
                convolve(image, np.ones_like(kernel))
            ],
        }

    return Exercise(
        solution=convolve,
        mistakes=from_results(wrong_results, image, edge),
        probe=calls(
            (image, edge),
            (generator.integers(0, 255, (5, 4)).astype(float), generator.normal(size=(3, 2))),
            (generator.random((3, 6)), generator.normal(size=(1, 3))),
            (generator.random((3, 3)), generator.normal(size=(3, 3))),
            (image, edge / 4),
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
        explanation="Each number of the result is the score of one template on one patch. It is "
        "what a dense unit computes, with a picture as small as the kernel.",
    )


def convolution_sizes() -> Exercise:
    """How large is the result, and how many parameters does it take?"""
    solution = [15, 760, 4]
    no_list = "Give `check` the three numbers in one list, in the order of the questions."
    no_number = "Each of the three answers is a number."
    # The numbers that earn each sentence, by question. The last sentence is for all other numbers.
    sides = {
        "33 is the side of the picture. The kernel must stay inside, and it skips places.": [33],
        "29 is the side for a stride of 1. With a stride of 2, count every other place.": [29],
        "17 would be right with zeros around the picture. Here the kernel stays inside it.": [17],
        "That is about half of 33. But the last start at which five pixels are left is 28.": [16],
        "That is (33 − 5) / 2. The start at 0 counts, too.": [14],
        "That is the number of places in the whole result. The question is for its side.": [225],
        "Write down where the kernel starts: 0, 2, 4 and so on. The last five pixels of 33 begin "
        "at 28.": [12345],
    }
    parameters = {
        "The biases are missing: one for each filter.": [750],
        "A filter looks at all three channels: it has 5 · 5 · 3 weights.": [250],
        "A filter looks at all three channels: it has 5 · 5 · 3 weights, and one bias.": [260],
        "There is one bias for each of the ten filters, not one for all.": [751],
        "There is one bias for each filter, whatever the number of channels.": [780],
        "A filter has 5 · 5 weights for each channel, and one bias of its own.": [1000],
        "That is one filter. The layer has ten.": [76],
        "That is one filter without its bias. The layer has ten.": [75],
        "The weights are shared: the same filter is used at all places, so the number of places "
        "does not matter.": [171000],
        "Count the weights of one filter, 5 · 5 for each channel, add its bias, and multiply by "
        "the number of filters.": [12345],
    }
    ratios = {
        "More filters, more weights: count the parameters of the second layer once more.": [1],
        "Twice as many filters, and each has twice as many channels to look at.": [2],
        "Doubling the filters and doubling the channels gives twice times twice.": [8, 16],
        "Ask for the weights alone: filters times channels times the size of the kernel. What "
        "happens to this product when two of its factors double?": [12345],
    }
    questions = (sides, parameters, ratios)

    def probe(answers):
        if not isinstance(answers, (list, tuple, np.ndarray)) or len(answers) != 3:
            raise NotYet(no_list)
        for answer, right, sentences in zip(answers, solution, questions, strict=True):
            if np.ndim(answer) or np.asarray(answer).dtype.kind not in "iuf":
                raise NotYet(no_number)
            if answer != right:
                # Raised: the judge would show the right number with an observation.
                *_, other = sentences
                raise NotYet(next((s for s, wrong in sentences.items() if answer in wrong), other))
            yield "your answer", answer

    mistakes: dict[str, list] = {
        sentence: [[*solution[:place], number, *solution[place + 1 :]] for number in numbers]
        for place, sentences in enumerate(questions)
        for sentence, numbers in sentences.items()
    }
    return Exercise(
        solution=solution,
        mistakes=mistakes | {no_list: [[15, 760], 760], no_number: [["15", 760, 4]]},
        probe=probe,
        hints=(
            "First answer: write down the columns at which the kernel can start, and count them. "
            "Second: how many weights has one filter?",
            "A filter is as deep as its input has channels: rows times columns times channels, "
            "and one bias.",
            "Starts are 0, 2, …, 28. One filter has 5 · 5 · 3 weights and one bias. For the "
            "third, filters and channels both double.",
        ),
        takeaway="No picture size in the count of parameters: a filter does not care how large the "
        "world is. That is what weight sharing buys.",
        explanation="The starts 0, 2, …, 28 are (33 − 5) / 2 + 1 = 15. A filter has 5 · 5 · 3 + 1 "
        "= 76 parameters, ten filters 760. And the weights are filters · channels · 5 · 5: twice "
        "as many of both makes four times the product.",
    )


def precision_recall() -> Exercise:
    """Precision and recall of each class from a confusion matrix."""

    def precision_and_recall(matrix):
        right = np.diag(matrix)
        return right / matrix.sum(axis=0), right / matrix.sum(axis=1)

    both = "Return both, and nothing else: `return precision, recall`."
    cases = (
        np.array([[8, 2, 0], [4, 5, 1], [0, 3, 7]]),
        np.array([[50, 3], [30, 20]]),
        np.array([[5, 1, 0, 2], [0, 7, 0, 0], [3, 0, 9, 1], [0, 2, 0, 4]]),
    )

    def probe(function):
        for given, result in calls(*((case,) for case in cases))(function):
            if not isinstance(result, (tuple, list, np.ndarray)) or len(result) != 2:
                raise NotYet(both)
            yield f"{given}: precision", result[0]
            yield f"{given}: recall", result[1]

    def two_classes(m):
        _, fp, fn, tp = m.ravel()
        return tp / (tp + fp), tp / (tp + fn)

    def wrong_results(m):
        hits, answers, pictures = np.diag(m), m.sum(axis=0), m.sum(axis=1)
        precision, recall = precision_and_recall(m)
        return {
            "The two are exchanged. Precision asks about the answers, and they stand in the "
            "columns: sum over `axis=0`.": [(recall, precision)],
            "Precision is right. Recall asks about the pictures of a class, and they stand in its "
            "row: sum over `axis=1`.": [(precision, precision)],
            "Recall is right. Precision asks about the answers of a class, and they stand in "
            "its column: sum over `axis=0`.": [(recall, recall)],
            "You divided by all pictures. Precision divides by the answers of the class, recall by "
            "its pictures.": [(hits / m.sum(), hits / m.sum())],
            "You divided the whole matrix. Only its diagonal holds right answers: `np.diag`.": [
                (m / answers, m / pictures)
            ],
            "You took the mean over the classes. Return one number for each class.": [
                (precision.mean(), recall.mean())
            ],
            "You divided by the mistakes alone. The right answers belong in the sums, too.": [
                (hits / (answers - hits), hits / (pictures - hits))
            ],
            "The largest number of a row or a column need not be on the diagonal. "
            "Take `np.diag`.": [(m.max(axis=0) / answers, m.max(axis=1) / pictures)],
            both: [precision],
            "Precision is right. The other is the specificity, of the pictures that are not of the "
            "class. Recall divides the right answers by the sum of the row.": [
                (precision, 1 - (answers - hits) / (m.sum() - pictures))
            ],
            "`tn, fp, fn, tp` is the recipe for two classes. Here each class has a precision and a "
            "recall of its own: take the diagonal and the sums of rows and columns.": [
                lambda: two_classes(m)
            ],
            "These are the two numbers of one class. Return arrays with one for each class.": [
                (precision[number], recall[number]) for number in (0, 1)
            ],
            "This is the accuracy, one number for all. Return one number for each class.": [
                [hits.sum() / m.sum()] * 2
            ],
        }

    return Exercise(
        solution=precision_and_recall,
        mistakes=from_results(wrong_results, cases[0]),
        probe=probe,
        hints=(
            "Both have the same numerator, the right answers of a class. They stand on the "
            "diagonal. Which sums do you divide by?",
            "The pictures that *are* a shirt stand in the row of the shirt. The pictures that "
            "were *called* a shirt stand in its column.",
            "`np.diag(matrix)` divided by `matrix.sum(axis=0)`, and by `matrix.sum(axis=1)`.",
        ),
        takeaway="Two questions that sound alike and are not: can I trust this answer, and will it "
        "be found? One of them can be .9 where the other is .5.",
        explanation="A column holds all answers of a class, so the diagonal divided by it is the "
        "share of answers that are right: precision. A row holds all its pictures: recall.",
    )


def confident_mistakes() -> Exercise:
    """The row numbers of the wrong predictions, the most confident first."""

    def most_confident_mistakes(probabilities, labels, count):
        answers = probabilities.argmax(axis=1)
        mistakes = np.flatnonzero(answers != labels)
        confidence = probabilities[mistakes].max(axis=1)
        return mistakes[np.argsort(-confidence)[:count]]

    # No two confidences are equal, and every class is both answer and label of some mistake.
    generator = np.random.default_rng(5)
    first = softmax(generator.normal(scale=2, size=(8, 3)))
    second = softmax(generator.normal(scale=1.5, size=(12, 5)))
    # With the surest row first, the place of the largest number in the whole array is a class, too.
    second = np.roll(second, -second.max(axis=1).argmax(), axis=0)

    def probe(function):
        yield from calls(
            (first, np.array([0, 1, 2, 0, 1, 2, 0, 1]), 2),
            (second, np.arange(12) % 5, 4),
            (second, (np.arange(12) + 2) % 5, 5),
            (first, np.array([1, 0, 0, 1, 1, 2, 2, 2]), 20),
        )(function)
        equal = np.array([[0.2, 0.8], [0.8, 0.2], [0.8, 0.2]])
        for given, result in calls((equal, np.array([0, 1, 1]), 3))(function):
            yield f"{given}, in any order", np.sort(result) if np.ndim(result) else result

    def wrong_results(p, y, count):
        answers, confidence = p.argmax(axis=1), p.max(axis=1)
        order, mistakes = np.argsort(-confidence), most_confident_mistakes(p, y, len(y))
        found = mistakes[:count]
        return {
            "These numbers count among the mistakes. Use them to pick from the row numbers of the "
            "mistakes.": [np.argsort(-confidence[answers != y])[:count]],
            "These are the least confident mistakes. Sort by minus confidence.": [
                mistakes[::-1][:count]
            ],
            "Right answers are among them. Keep the rows whose answer differs from the label.": [
                order[:count]
            ],
            "`argmax` without an axis is one place among all numbers. Give it `axis=1`, for one "
            "answer to each picture.": [order[y[order] != p.argmax()][:count]],
            "These are right answers. Take those that differ from the label.": [
                order[answers[order] == y[order]][:count]
            ],
            "These are mistakes, but not sorted by confidence.": [np.sort(mistakes)[:count]],
            "The right rows, but turned round: the most confident must come first.": [found[::-1]],
            "You took the `count` most confident answers, and then the mistakes among them. First "
            "keep the mistakes, then take `count`.": [
                [row for row in order[:count] if answers[row] != y[row]]
            ],
            "You sorted by the probability of the true class. Confidence is the probability of the "
            "answer, "
            "the largest of the row.": [mistakes[np.argsort(p[mistakes, y[mistakes]])][:count]],
            "These are the right rows in rising order. The most confident must come first.": [
                np.sort(found)
            ],
            "This is the first one alone. Return `count` of them.": [mistakes[:1]],
            "These are the confidences. Return the row numbers that they belong to.": [
                confidence[found]
            ],
            "These are the classes that were answered. Return the row numbers.": [answers[found]],
        }

    return Exercise(
        solution=most_confident_mistakes,
        mistakes=from_results(wrong_results, first, np.arange(8) % 3, 2),
        probe=probe,
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
        explanation="`np.argsort` numbers the mistakes from 0, so its result picks from "
        "`mistakes`, which holds row numbers. The minus sign turns rising into falling.",
    )


def peeking() -> Exercise:
    """Which of four reported test accuracies can be believed?"""
    solution = ["peeked", "honest", "peeked", "honest"]
    no_list = "Give `check` four words in a list, one for each report."
    no_word = 'Each answer is "honest" or "peeked", in quotes.'
    mistakes: dict[str, list] = {
        # For a wrong word about report A, B, C, D.
        "A trained fairly, but then kept the best of eight looks at the test pictures. Which epoch "
        "to keep is a choice, "
        "and the test set made it.": [["honest", "honest", "peeked", "honest"]],
        "B looked at the test pictures once, after every choice was made. That the number is lower "
        "than that of others is no reason to doubt it.": [["peeked", "peeked", "peeked", "honest"]],
        "C did not train on the test pictures, and still let them choose: the size of the network "
        "is the one that suited them best.": [["peeked", "honest", "honest", "honest"]],
        "D tried two hundred settings, but made every choice on validation pictures, and looked at "
        "the test pictures once. Many tries are not peeking.": [
            ["peeked", "honest", "peeked", "peeked"]
        ],
        no_word: [[True, False, True, False]],
        no_list: [["A", "C"], "peeked"],
    }

    def probe(answers):
        if not isinstance(answers, (list, tuple, np.ndarray)) or len(answers) != 4:
            raise NotYet(no_list)
        words = [str(answer).strip(" .!").lower() for answer in answers]
        if not set(words) <= {"honest", "peeked"}:
            raise NotYet(no_word)
        for word, right, sentence in zip(words, solution, mistakes, strict=False):
            if word != right:
                # Raised: the judge would show the right word with an observation.
                raise NotYet(sentence)
            yield "your answer", word

    return Exercise(
        solution=solution,
        mistakes=mistakes,
        probe=probe,
        hints=(
            "For each report, ask one question only: was anything chosen after looking at the "
            "test pictures?",
            "Choosing is more than training. Which epoch to keep, how many filters to take, which "
            "seed to report: all of these are choices.",
            "Two of them chose something by the test accuracy: one an epoch, the other the size "
            "of the network.",
        ),
        takeaway="You read reports as a reviewer does. The question is never how good the number "
        "is, but who chose what by it.",
        explanation="A keeps the epoch, C the network that the test pictures liked best. The luck "
        "of these pictures is now part of the number. B and D made every choice without them.",
    )


EXERCISES = {
    "7.1": shift,
    "7.2": convolution,
    "7.3": convolution_sizes,
    "7.4": precision_recall,
    "7.5": confident_mistakes,
    "7.6": peeking,
}
