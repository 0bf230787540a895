"""The exercises of notebook 08, Can you trust .95?"""

import numpy as np

from helpers.exercises.answers import from_results, other_way_round
from helpers.exercises.exercise import Exercise, NotYet, calls
from helpers.maths import cross_entropy, one_hot, softmax


def expected_calibration_error() -> Exercise:
    """The expected calibration error (ECE) from confidences and correctness."""

    def calibration_error(confidence, correct, bins):
        error = 0
        for k in range(bins):
            inside = (confidence > k / bins) & (confidence <= (k + 1) / bins)
            if inside.any():
                gap = abs(confidence[inside].mean() - correct[inside].mean())
                error += inside.mean() * gap
        return error

    generator = np.random.default_rng(81)
    sure = np.round(0.1 + 0.9 * generator.random(40), 3) + 0.0003  # on no border

    def wrong_results(confidence, correct, bins):
        numbers, differences = np.ceil(confidence * bins), confidence - correct
        inside = [numbers == number for number in np.unique(numbers)]
        weights, gaps = np.mean(inside, axis=1), np.array([differences[k].mean() for k in inside])
        equal_parts = np.array_split(differences[np.argsort(confidence)], bins)
        right = calibration_error(confidence, correct, bins)

        def rounded_down():
            counts = [0] * bins
            for each in confidence:
                counts[int(each * bins)] += 1  # no such place for a confidence of 1
            return calibration_error(confidence + 1e-9, correct, bins)

        return {
            "You took the mean over the bins, as if all were equally full. Weight each gap with "
            "its share of all answers.": [np.abs(gaps).mean()],
            "The gaps are added up without weights. Multiply each by the share of all answers that "
            "its bin holds.": [np.abs(gaps).sum()],
            "That is the largest gap. The ECE is the weighted mean of all of them.": [
                np.abs(gaps).max()
            ],
            "A bin that is too sure and one that is too modest cancel out here. Take the absolute "
            "value of each gap.": [weights @ gaps, -weights @ gaps],
            "An empty bin has no mean, and `nan` spoils the sum. Skip bins that are empty.": [
                lambda: (
                    calibration_error(confidence, correct, bins) if len(inside) == bins else np.nan
                )
            ],
            "The gaps are squared. The ECE takes their absolute values.": [weights @ gaps**2],
            "You compared the accuracy with the middle of the bin. Compare it with the mean of the "
            "confidences inside.": [calibration_error((numbers - 0.5) / bins, correct, bins)],
            "This is the gap of each answer for itself, without bins. First take the means in a "
            "bin, then their difference.": [np.abs(differences).mean()],
            "A confidence on a border belongs to the bin below it, and a confidence of 1 to the "
            "last bin: "
            "use `>` below and `<=` above.": [
                calibration_error(confidence + 1e-9, correct, bins),
                calibration_error(np.minimum(confidence + 1e-9, 1), correct, bins),
            ],
            "You divided the right answers of a bin by the number of all answers. In a bin, both "
            "means are over the answers inside.": [
                sum(k.mean() * abs(confidence[k].mean() - (k & correct).mean()) for k in inside)
            ],
            "You rounded down, so a confidence on a border fell into the bin above, and 1 beyond "
            "the last: use `>` below and `<=` above.": [rounded_down],
            "The weights are counts. "
            "Divide by the number of all answers, so that they are shares.": [right * len(correct)],
            "You always use ten bins. Use the number that you are given.": [
                calibration_error(confidence, correct, 10)
            ],
            "Your bins hold equally many answers each. Here they have equal width: 1/bins.": [
                sum(abs(part.sum()) for part in equal_parts) / len(correct)
            ],
        }

    return Exercise(
        solution=calibration_error,
        mistakes=from_results(wrong_results, sure, sure > 0.5, 2),
        probe=calls(
            (np.array([0.7, 0.9, 0.3, 0.2]), np.array([True, False, True, False]), 2),
            (np.array([0.45, 0.35, 0.95, 0.85]), np.array([True, True, False, True]), 5),
            (np.array([0.5, 1.0, 1.0, 0.75]), np.array([True, False, True, True]), 4),
            (sure, generator.random(40) < 0.8 * sure, 8),
        ),
        hints=(
            "Go through the bins with a loop. For each one, which answers are inside?",
            "`inside = (confidence > k / bins) & (confidence <= (k + 1) / bins)` picks them. "
            "`inside.mean()` is their share of all answers.",
            "If `inside.any()`, add `inside.mean() * abs(confidence[inside].mean() - "
            "correct[inside].mean())`.",
        ),
        takeaway="You can read every ECE in a paper now, and ask the question that belongs to it: "
        "with how many bins?",
        explanation="In each bin the mean confidence is what was promised and the mean of "
        "`correct` is what was kept. The weights are the shares of the answers, so an almost "
        "empty bin counts for almost nothing.",
    )


def brier() -> Exercise:
    """The mean squared distance between probabilities and truth."""

    def brier_score(probabilities, labels):
        truth = np.eye(probabilities.shape[1])[labels]
        return ((probabilities - truth) ** 2).sum(axis=1).mean()

    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    four = softmax(np.random.default_rng(82).normal(size=(5, 4)) * 2)

    def wrong_results(p, y):
        differences, at_label = p - one_hot(y, p.shape[1]), p[np.arange(len(y)), y]
        squares = differences**2
        return {
            "You took the mean over the classes, too. Sum over the classes, then take the mean "
            "over the pictures.": [squares.mean()],
            "This is the sum over all pictures. Divide by their number.": [squares.sum()],
            "This looks at the true class only. The squares of the other classes count, too.": [
                np.mean((1 - at_label) ** 2)
            ],
            "You looked at the answer only: its confidence, and whether it is right. The Brier "
            "score compares all classes with the true one.": [
                np.mean((p.max(axis=1) - (p.argmax(axis=1) == y)) ** 2)
            ],
            "These are absolute values. The Brier score squares the differences.": [
                np.abs(differences).sum(axis=1).mean()
            ],
            "You took a square root. The Brier score is the squared distance itself.": [
                np.sqrt(squares.sum(axis=1)).mean()
            ],
            "You subtracted the number of the class. Make one-hot rows of the labels first: "
            "`np.eye(classes)[labels]`.": [((p - y[:, np.newaxis]) ** 2).sum(axis=1).mean()],
            "The one-hot rows have too few columns where the last classes do not occur. Give them "
            "as many as the probabilities have.": [
                lambda: ((p - one_hot(y, y.max() + 1)) ** 2).sum(axis=1).mean()
            ],
            "That is the cross-entropy, the other judge. Here the differences are squared.": [
                -np.log(at_label).mean()
            ],
        }

    return Exercise(
        solution=brier_score,
        mistakes=from_results(wrong_results, four, np.array([3, 0, 1, 2, 2])),
        probe=calls(
            (np.array([[0.7, 0.2, 0.1]]), np.array([0])),
            (probabilities, np.array([1, 2])),
            (np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]), np.array([1, 1, 0])),
            (four, np.array([3, 0, 1, 2, 2])),
        ),
        hints=(
            "What would the probabilities of a perfect answer be? Write them as a row.",
            "`np.eye(classes)[labels]` has these rows: 1 for the true class, 0 for the others. "
            "Subtract, square, and sum along the right axis.",
            "`((probabilities - truth) ** 2).sum(axis=1)` is one number for each picture. What is "
            "left to do is the mean.",
        ),
        takeaway="The worst score is 2: all on one class, and wrong. The cross-entropy would be "
        "infinite there. That is how the two measures differ.",
        explanation="Each row is a point, and so is the one-hot truth. The Brier score is the mean "
        "of their squared distance. Libraries that divide by the number of classes, or leave out "
        "one of two, print other numbers for the same thing.",
    )


def temperature_scaling() -> Exercise:
    """The candidate with the lowest cross-entropy."""

    def best_temperature(logits, labels, candidates):
        losses = [cross_entropy(logits / t, labels) for t in candidates]
        return candidates[int(np.argmin(losses))]

    generator = np.random.default_rng(83)
    logits = 1.5 * generator.normal(size=(60, 4))
    labels = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)

    def wrong_results(z, y, candidates):
        losses = [cross_entropy(z / t, y) for t in candidates]

        def lowest(criterion):
            return min(candidates, key=criterion)

        def confidence_gap(t):
            return abs(softmax(z / t).max(axis=1).mean() - np.mean(z.argmax(axis=1) == y))

        return {
            "You multiplied the scores by T. Temperature divides them.": [
                lowest(lambda t: cross_entropy(z * t, y))
            ],
            "This is the candidate with the highest NLL. Take the lowest.": [
                candidates[np.argmax(losses)]
            ],
            "This is the lowest NLL itself. Return the candidate that it belongs to.": [
                min(losses)
            ],
            "This is the place of the best candidate in the list. Return the candidate: "
            "`candidates[place]`.": [np.argmin(losses)],
            "The first candidate wins each time. Accuracies would do that, which are the same for "
            "every T, and so would a lowest NLL that begins too low.": [
                lowest(lambda t: np.mean((z / t).argmax(axis=1) != y))
            ],
            "You compared the mean confidence with the accuracy. That is a mean over very "
            "different answers. Compare the NLL.": [lowest(confidence_gap)],
            "Your rule takes the smallest candidate, whatever the labels are. Judge each by "
            "the probability that `softmax(logits / t)` gives to the label.": [
                lowest(lambda t: -np.log(softmax(z / t).max(axis=1)).mean()),
                min(candidates),
            ],
            "There are two softmaxes: `cross_entropy` takes scores and has one inside. Give it "
            "`logits / t`.": [lowest(lambda t: cross_entropy(softmax(z / t), y))],
            "You divided by all candidates at once. Divide by one after the other: each has an NLL "
            "of its own.": [
                lambda: candidates[np.argmin(cross_entropy(z / np.array(candidates), y))]
            ],
            "These are the NLLs of all candidates. Return the candidate with the lowest.": [losses],
        }

    return Exercise(
        solution=best_temperature,
        mistakes=from_results(wrong_results, logits, labels, [1, 2]),
        probe=calls(
            (np.array([[4.0, 0.0]] * 3), np.array([0, 0, 1]), [1, 2, 4, 8]),
            (3.0 * logits, labels, [2, 0.5, 1, 3, 5, 9]),
            (0.4 * logits, labels, [1, 4, 2, 0.7, 0.4, 0.2]),
            (np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([0, 1]), [3, 1, 0.5]),
            (np.outer([6.0, 6, 1, 1, 1], [1, 0]), np.array([0, 1, 0, 0, 0]), [1, 3, 6, 12]),
        ),
        hints=(
            "What do you compute for one candidate? Then do it for all, and compare.",
            "`cross_entropy(logits / t, labels)` is the NLL at the temperature t.",
            "Collect the NLLs in a list. `np.argmin` says at which place the lowest stands; "
            "return the candidate at that place.",
        ),
        takeaway="This is temperature scaling, all of it. The fitted T above was searched "
        "between the candidates, too.",
        explanation="A lead of 4 becomes 4/T, and the probability of the leader 1/(1 + exp(-4/T)). "
        "It is nearest to two thirds where 4/T is near ln 2, so at T near 5.8. Between 4 and 8 "
        "the NLL decides: 0.647 at 4, and 0.641 at 8.",
    )


def risk_threshold() -> Exercise:
    """The lowest threshold that keeps the risk among the answered."""

    def threshold_for(confidence, correct, risk):
        allowed = [t for t in confidence if np.mean(~correct[confidence >= t]) <= risk]
        return min(allowed)

    def wrong_results(confidence, correct, risk):
        answered = confidence >= confidence[:, np.newaxis]  # (thresholds, pictures)
        above = confidence > confidence[:, np.newaxis]
        mistakes, threshold = answered & ~correct, threshold_for(confidence, correct, risk)
        order, counts = np.argsort(-confidence, kind="stable"), np.arange(1, len(correct) + 1)
        as_given, running = np.cumsum(~correct) / counts, np.cumsum(~correct[order]) / counts
        safe = mistakes.sum(axis=1) / answered.sum(axis=1) <= risk
        safe_above = (above & ~correct).sum(axis=1) <= risk * above.sum(axis=1)
        return {
            "You came down from the top and stopped at the first threshold that fails. Further "
            "down, right answers may bring the share below "
            "the limit again.": [lambda: min(confidence[confidence > max(confidence[~safe])])],
            "This is the highest threshold that is safe. It answers hardly anything: take the "
            "lowest.": [max(confidence[safe])],
            "You divided the mistakes by all pictures. The limit holds for the answered ones: "
            "divide by their number.": [min(confidence[mistakes.mean(axis=1) <= risk])],
            "You answered above t only. The rule says confidence ≥ t, "
            "so t itself is answered, too.": [min(confidence[safe_above])],
            "A share of exactly the risk is allowed: at most means `<=`.": [
                lambda: threshold_for(confidence, correct, risk - 1e-9)
            ],
            "This is the share of pictures that would be answered. Return the threshold.": [
                np.mean(confidence >= threshold)
            ],
            "That would be enough if the confidence could be trusted. "
            "Count the mistakes instead.": [
                1 - risk,
                lambda: min(confidence[confidence >= 1 - risk]),
            ],
            "The two arrays belong together. If you sort the confidences, put `correct` in the "
            "same order.": [lambda: threshold_for(np.sort(confidence)[::-1], correct, risk)],
            "Pictures of equal confidence are answered together. Count all with confidence ≥ t "
            "before you divide.": [lambda: confidence[order][running <= risk][-1]],
            "That is a share of the mistakes. The limit is the share of mistakes among the "
            "pictures that are answered: count both.": [
                lambda: np.quantile(confidence[~correct], 1 - risk),
                lambda: min(confidence[confidence >= np.quantile(confidence[~correct], 1 - risk)]),
            ],
            "You searched a grid of your own. The threshold is one of the confidences: try each of "
            "them.": [
                lambda: min(
                    t
                    for t in np.linspace(0, 1, 101)
                    if any(confidence >= t) and np.mean(~correct[confidence >= t]) <= risk
                )
            ],
            "You took the confidences as they come, as if the largest came first. Sort both "
            "arrays by confidence.": [lambda: confidence[as_given <= risk][-1]],
            "This rule allows no mistake at all. A few are allowed: the share that is given.": [
                lambda: min(confidence[~mistakes.any(axis=1)])
            ],
        }

    cases = (
        ([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 1], 0.25),
        ([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 1], 0.2),
        ([0.55, 0.95, 0.7, 0.99, 0.85, 0.6, 0.9, 0.3], [1, 0, 1, 1, 1, 1, 1, 0], 0.2),
        ([0.8, 0.9, 0.8, 0.8, 0.4, 0.97], [1, 1, 0, 1, 0, 1], 0.2),
        ([0.5, 0.6, 0.7, 0.8, 0.9], [0, 0, 1, 0, 1], 0.34),
        ([0.95, 0.9, 0.8, 0.7, 0.2, 0.1], [1, 1, 0, 1, 0, 0], 0.2),
        ([0.9, 0.8, 0.8, 0.4], [1, 1, 0, 0], 0.3),  # equal ones are answered together
    )
    arguments = [(np.array(sure), np.array(correct) == 1, risk) for sure, correct, risk in cases]
    return Exercise(
        solution=threshold_for,
        mistakes=from_results(wrong_results, *arguments[0]),
        probe=calls(*arguments),
        hints=(
            "Take one threshold, for example 0.7. Which answers are given, and which share of "
            "them is wrong?",
            "`confidence >= t` picks the answered ones. `np.mean(~correct[confidence >= t])` is "
            "the share of mistakes among them.",
            "Try every confidence as t, keep those whose share of mistakes is at most the risk, "
            "and return the lowest of these.",
        ),
        takeaway='A model that may say "I don\'t know" keeps promises that the same model could '
        "not keep on every picture.",
        explanation="The share of mistakes does not simply rise as the threshold falls: right "
        "answers bring it down again. So all thresholds are tried, and of those that keep the "
        "limit the lowest answers most.",
    )


def reliability_diagrams() -> Exercise:
    """Which of the models A to D is what?"""
    solution = ["C", "A", "D", "B"]
    # What to look for, in the order of the answers.
    signs = (
        "A model that is too sure of itself promises more than it keeps: look for bars that end "
        "below the diagonal.",
        "A modest model keeps more than it promises: look for bars that end above the diagonal.",
        "Useful and calibrated: look for bars on the diagonal, at many different confidences.",
        "A model that tells you nothing gives every picture the same confidence: look for a "
        "diagram with a single bar.",
    )
    diagrams = {
        "A": "The thick lines of model A lie above the diagonal.",
        "B": "Model B has one bar only, and it ends on the diagonal.",
        "C": "The thick lines of model C lie below the diagonal.",
        "D": "The bars of model D end on the diagonal, and there are many.",
    }
    no_letter = 'Each answer is one of the letters "A", "B", "C" and "D", in quotes.'
    no_list = "Give `check` the four letters in a list, one for each character."
    other_way = (
        "You wrote a character for each model. Write for each character, in the order of the "
        "names, the letter of its model."
    )

    def probe(choices):
        if not isinstance(choices, (list, tuple, np.ndarray)) or len(choices) != 4:
            raise NotYet(no_list)
        letters = [
            str(choice).upper().replace("MODEL", "").strip(" .()*_'\"") for choice in choices
        ]
        if not set(letters) <= set(diagrams):
            raise NotYet(no_letter)
        if letters == other_way_round(solution):
            raise NotYet(other_way)
        for letter, right, sign in zip(letters, solution, signs, strict=True):
            if letter != right:
                # Raised: the judge would show the right letter with an observation.
                raise NotYet(f"{diagrams[letter]} {sign}")
            yield "your answer", letter

    mistakes: dict[str, list] = {
        f"{diagram} {sign}": [[*solution[:place], letter, *solution[place + 1 :]]]
        for place, sign in enumerate(signs)
        for letter, diagram in diagrams.items()
        if letter != solution[place]
    }
    return Exercise(
        solution=solution,
        mistakes=mistakes
        | {no_letter: [[3, 1, 4, 2], ["C", "A", "D", "E"]], no_list: ["CADB"]}
        | {other_way: [other_way_round(solution)]},
        probe=probe,
        hints=(
            "The thick line is the accuracy. Begin with the diagrams in which it lies on the "
            "diagonal: there are two.",
            "Of those two, which one gives different confidences to different pictures?",
            "Of the other two, one has its thick lines below the diagonal: it promises more than "
            "it keeps.",
        ),
        takeaway="Calibrated is not the same as good. A model that says one tenth to everything "
        "has an ECE near 0 and knows nothing, so never report the ECE alone.",
        explanation="C multiplies its scores by 2.5 and is too sure; A by 0.4 and is too modest; D "
        "leaves them as they are. B has thrown its scores away and is right about one picture in "
        "ten, exactly as it says.",
    )


EXERCISES = {
    "8.1": expected_calibration_error,
    "8.2": brier,
    "8.3": temperature_scaling,
    "8.4": risk_threshold,
    "8.5": reliability_diagrams,
}
