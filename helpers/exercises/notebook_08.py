"""The exercises of notebook 08, Can you trust .95?"""

import numpy as np

from helpers.exercises.judging import Exercise, NotYet, calls, grouped
from helpers.maths import cross_entropy, log_softmax, one_hot, softmax


def calibration_error_by_bins() -> Exercise:
    """The expected calibration error from confidences and what came of them."""

    def calibration_error(confidence, correct, bins):
        error = 0
        for k in range(bins):
            inside = (confidence > k / bins) & (confidence <= (k + 1) / bins)
            if inside.any():
                gap = abs(confidence[inside].mean() - correct[inside].mean())
                error += inside.mean() * gap
        return error

    def with_bincount(confidence, correct, bins):
        number = np.ceil(confidence * bins).astype(int) - 1
        gaps = np.bincount(number, confidence) - np.bincount(number, correct)
        return np.abs(gaps).sum() / len(confidence)

    def with_lists(confidence, correct, bins):
        held = [[] for _ in range(bins)]
        for sure, right in zip(confidence.tolist(), correct.tolist(), strict=True):
            held[int(np.ceil(sure * bins)) - 1].append(sure - right)
        return round(sum(abs(sum(bin)) for bin in held) / len(confidence), 5)

    def in_single_precision(confidence, correct, bins):
        return np.float32(calibration_error(confidence, correct, bins))

    def gaps_in_bins(confidence, correct, bins):
        for k in range(bins):
            inside = (confidence > k / bins) & (confidence <= (k + 1) / bins)
            if inside.any():
                yield inside.mean(), confidence[inside].mean() - correct[inside].mean()

    def mean_over_bins(confidence, correct, bins):
        return np.mean([abs(gap) for _, gap in gaps_in_bins(confidence, correct, bins)])

    def unweighted_sum(confidence, correct, bins):
        return sum(abs(gap) for _, gap in gaps_in_bins(confidence, correct, bins))

    def largest_gap(confidence, correct, bins):
        return max(abs(gap) for _, gap in gaps_in_bins(confidence, correct, bins))

    def signed(confidence, correct, bins):
        return sum(weight * gap for weight, gap in gaps_in_bins(confidence, correct, bins))

    def squared(confidence, correct, bins):
        return sum(weight * gap**2 for weight, gap in gaps_in_bins(confidence, correct, bins))

    def middle_of_the_bin(confidence, correct, bins):
        error = 0
        for k in range(bins):
            inside = (confidence > k / bins) & (confidence <= (k + 1) / bins)
            if inside.any():
                error += inside.mean() * abs((k + 0.5) / bins - correct[inside].mean())
        return error

    def one_by_one(confidence, correct, bins):
        return np.abs(confidence - correct).mean()

    def lower_border_inside(confidence, correct, bins):
        error = 0
        for k in range(bins):
            inside = (confidence >= k / bins) & (confidence < (k + 1) / bins)
            if inside.any():
                error += inside.mean() * abs(confidence[inside].mean() - correct[inside].mean())
        return error

    def counted(confidence, correct, bins):
        return calibration_error(confidence, correct, bins) * len(confidence)

    def always_ten(confidence, correct, bins):
        return calibration_error(confidence, correct, 10)

    def of_equal_size(confidence, correct, bins):
        parts = np.array_split(np.argsort(confidence), bins)
        sizes = [len(part) / len(confidence) for part in parts if len(part)]
        gaps = [abs(confidence[part].mean() - correct[part].mean()) for part in parts if len(part)]
        return np.dot(sizes, gaps)

    generator = np.random.default_rng(81)
    sure = np.round(0.1 + 0.9 * generator.random(40), 3) + 0.0003  # on no border
    return Exercise(
        solution=calibration_error,
        also_right=(with_bincount, with_lists, in_single_precision),
        mistakes=grouped(
            (
                (
                    mean_over_bins,
                    "You took the mean over the bins, as if all were equally full. Weight each gap "
                    "with its share of all answers.",
                ),
                (
                    unweighted_sum,
                    "The gaps are added up without weights. Multiply each by the share of all answers "
                    "that its bin holds.",
                ),
                (
                    largest_gap,
                    "That is the largest gap. The ECE is the weighted mean of all of them.",
                ),
                (
                    signed,
                    "A bin that is too sure and one that is too modest cancel out here. Take the "
                    "absolute value of each gap.",
                ),
                (squared, "The gaps are squared. The ECE takes their absolute values."),
                (
                    middle_of_the_bin,
                    "You compared the accuracy with the middle of the bin. Compare it with the mean "
                    "of the confidences inside.",
                ),
                (
                    one_by_one,
                    "This is the gap of each answer for itself, without bins. First take the means in "
                    "a bin, then their difference.",
                ),
                (
                    lower_border_inside,
                    "A confidence on a border belongs to the bin below it, and a confidence of 1 to "
                    "the last bin: use `>` below and `<=` above.",
                ),
                (
                    counted,
                    "The weights are counts. Divide by the number of all answers, so that they are "
                    "shares.",
                ),
                (always_ten, "These are always ten bins. Use the number that you are given."),
                (
                    of_equal_size,
                    "Your bins hold equally many answers each. These have equal width: 1/bins.",
                ),
            )
        ),
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
        explanation="In each bin the mean confidence is what was promised and the mean of `correct` is "
        "what was kept. The weights are the shares of the answers, so an almost empty bin counts "
        "for almost nothing.",
    )


def brier() -> Exercise:
    """The mean squared distance between probabilities and truth."""

    def brier_score(probabilities, labels):
        truth = np.eye(probabilities.shape[1])[labels]
        return ((probabilities - truth) ** 2).sum(axis=1).mean()

    def with_loops(probabilities, labels):
        total = 0
        for row, label in zip(probabilities, labels, strict=True):
            for k, p in enumerate(row):
                total += (p - (k == label)) ** 2
        return float(total / len(labels))

    def multiplied_out(probabilities, labels):
        at_label = probabilities[np.arange(len(labels)), labels]
        return np.mean((probabilities**2).sum(axis=1) - 2 * at_label + 1)

    def with_norm(probabilities, labels):
        distance = np.linalg.norm(probabilities - one_hot(labels, probabilities.shape[1]), axis=1)
        return np.float32(np.mean(distance**2))

    def errors(probabilities, labels):
        return probabilities - one_hot(labels, probabilities.shape[1])

    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    four = softmax(np.random.default_rng(82).normal(size=(5, 4)) * 2)
    return Exercise(
        solution=brier_score,
        also_right=(with_loops, multiplied_out, with_norm),
        mistakes=grouped(
            (
                (
                    lambda p, y: (errors(p, y) ** 2).mean(),
                    "You took the mean over the classes, too. Sum over the classes, then take the mean "
                    "over the pictures.",
                ),
                (
                    lambda p, y: (errors(p, y) ** 2).sum(),
                    "This is the sum over all pictures. Divide by their number.",
                ),
                (
                    lambda p, y: (errors(p, y) ** 2).sum(axis=1),
                    "This is one score for each picture. Return the mean of them.",
                ),
                (
                    lambda p, y: np.mean((1 - p[np.arange(len(y)), y]) ** 2),
                    "This looks at the true class only. The squares of the other classes count, too.",
                ),
                (
                    lambda p, y: np.abs(errors(p, y)).sum(axis=1).mean(),
                    "These are absolute values. The Brier score squares the differences.",
                ),
                (
                    lambda p, y: np.sqrt((errors(p, y) ** 2).sum(axis=1)).mean(),
                    "You took a square root. The Brier score is the squared distance itself.",
                ),
                (
                    lambda p, y: (errors(p, y) ** 2).sum(axis=1).mean() / 2,
                    "This is half of it: you divided by 2. Here the worst score is 2.",
                ),
                (
                    lambda p, y: ((p - y[:, np.newaxis]) ** 2).sum(axis=1).mean(),
                    "You subtracted the number of the class. Make one-hot rows of the labels first: "
                    "`np.eye(classes)[labels]`.",
                ),
                (
                    lambda p, y: -np.log(p[np.arange(len(y)), y]).mean(),
                    "That is the cross-entropy, the other judge. Here the differences are squared.",
                ),
            )
        ),
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
        "infinite there. That is how the two judges differ.",
        explanation="Each row is a point, and so is the one-hot truth. The Brier score is the mean of "
        "their squared distance. Libraries that divide by the number of classes, or leave out one "
        "of two, print other numbers for the same thing.",
    )


def best_temperature_of_a_list() -> Exercise:
    """The candidate with the lowest cross-entropy."""

    def best_temperature(logits, labels, candidates):
        losses = [cross_entropy(logits / t, labels) for t in candidates]
        return candidates[int(np.argmin(losses))]

    def with_min(logits, labels, candidates):
        return min(candidates, key=lambda t: cross_entropy(logits / t, labels))

    def with_a_loop(logits, labels, candidates):
        best, lowest = None, np.inf
        for t in candidates:
            rows = log_softmax(logits / t)
            loss = -sum(row[label] for row, label in zip(rows, labels, strict=True))
            if loss < lowest:
                best, lowest = t, loss
        return float(best)

    def from_probabilities(logits, labels, candidates):
        truth = np.arange(len(labels)), labels
        gains = [np.log(softmax(logits / t)[truth]).sum() for t in candidates]
        return np.array(candidates)[np.argmax(gains)]

    def by(judge, choose=min):
        return lambda logits, labels, candidates: choose(
            candidates, key=lambda t: judge(logits, labels, t)
        )

    def accuracy(logits, labels, t):
        return -np.mean((logits / t).argmax(axis=1) == labels)

    def mean_confidence_gap(logits, labels, t):
        right = (logits.argmax(axis=1) == labels).mean()
        return abs(softmax(logits / t).max(axis=1).mean() - right)

    generator = np.random.default_rng(83)
    logits = 1.5 * generator.normal(size=(60, 4))
    labels = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    cases = (
        (np.array([[4.0, 0.0]] * 3), np.array([0, 0, 1]), [1, 2, 4, 8]),
        (3.0 * logits, labels, [2, 0.5, 1, 3, 5, 9]),
        (0.4 * logits, labels, [1, 4, 2, 0.7, 0.4, 0.2]),
        (np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([0, 1]), [3, 1, 0.5]),
        (
            np.array([[6.0, 0.0], [6.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]),
            np.array([0, 1, 0, 0, 0]),
            [1, 3, 6, 12],
        ),
    )
    return Exercise(
        solution=best_temperature,
        also_right=(with_min, with_a_loop, from_probabilities),
        mistakes=grouped(
            (
                (
                    by(lambda z, y, t: cross_entropy(z * t, y)),
                    "You multiplied the scores by T. Temperature divides them.",
                ),
                (
                    by(lambda z, y, t: cross_entropy(z / t, y), max),
                    "This is the candidate with the highest NLL. Take the lowest.",
                ),
                (
                    lambda z, y, candidates: min(cross_entropy(z / t, y) for t in candidates),
                    "This is the lowest NLL itself. Return the candidate that it belongs to.",
                ),
                (
                    lambda z, y, candidates: int(
                        np.argmin([cross_entropy(z / t, y) for t in candidates])
                    ),
                    "This is the place of the best candidate in the list. Return the candidate: "
                    "`candidates[place]`.",
                ),
                (
                    by(accuracy),
                    "You compared accuracies. They are the same for every T, so the first candidate "
                    "won. Compare the NLL.",
                ),
                (
                    by(mean_confidence_gap),
                    "You compared the mean confidence with the accuracy. That is a mean over very "
                    "different answers. Compare the NLL.",
                ),
                (
                    by(lambda z, y, t: -np.log(softmax(z / t).max(axis=1)).mean()),
                    "You took the largest probability of each row. The NLL takes that of the label.",
                ),
                (
                    by(lambda z, y, t: cross_entropy(softmax(z / t), y)),
                    "There are two softmaxes: `cross_entropy` takes scores and has one inside. Give it "
                    "`logits / t`.",
                ),
                (
                    lambda z, y, candidates: [cross_entropy(z / t, y) for t in candidates],
                    "These are the NLLs of all candidates. Return the candidate with the lowest.",
                ),
            )
        ),
        probe=calls(*cases),
        hints=(
            "What do you compute for one candidate? Then do it for all, and compare.",
            "`cross_entropy(logits / t, labels)` is the NLL at the temperature t.",
            "Collect the NLLs in a list. `np.argmin` says at which place the lowest stands; return "
            "the candidate at that place.",
        ),
        takeaway="This is temperature scaling, all of it. The fitted T above only looks between the "
        "candidates, too.",
        explanation="A lead of 4 becomes 4/T, and the probability of the leader 1/(1 + exp(-4/T)). It is "
        "nearest to two thirds where 4/T is near ln 2, so at T near 5.8. Between 4 and 8 the NLL "
        "decides: 0.647 at 4, and 0.641 at 8.",
    )


def threshold_for_a_risk() -> Exercise:
    """The lowest threshold that keeps the risk among the answered."""

    def threshold_for(confidence, correct, risk):
        allowed = [t for t in confidence if np.mean(~correct[confidence >= t]) <= risk]
        return min(allowed)

    def sorted_first(confidence, correct, risk):
        order = np.argsort(-confidence)
        risks = np.cumsum(~correct[order]) / np.arange(1, len(order) + 1)
        ties = np.append(np.diff(confidence[order]) == 0, False)
        return confidence[order][np.flatnonzero((risks <= risk) & ~ties)[-1]]

    def from_below(confidence, correct, risk):
        for t in np.sort(confidence):
            answered = confidence >= t
            if (answered & ~correct).sum() <= risk * answered.sum():
                return t

    def with_sets(confidence, correct, risk):
        best = 1.0
        for t in sorted(set(confidence.tolist()), reverse=True):
            answered = correct[confidence >= t].tolist()
            if answered.count(False) / len(answered) <= risk:
                best = t
        return best

    def first_failure(confidence, correct, risk):
        best = confidence.max()
        for t in np.sort(confidence)[::-1]:
            if np.mean(~correct[confidence >= t]) > risk:
                break
            best = t
        return best

    def highest(confidence, correct, risk):
        return max(t for t in confidence if np.mean(~correct[confidence >= t]) <= risk)

    def of_all(confidence, correct, risk):
        return min(t for t in confidence if np.mean((confidence >= t) & ~correct) <= risk)

    def strictly_above(confidence, correct, risk):
        return min(
            t
            for t in confidence
            if (~correct[confidence > t]).sum() <= risk * (confidence > t).sum()
        )

    def strictly_less(confidence, correct, risk):
        return min(
            [t for t in confidence if np.mean(~correct[confidence >= t]) < risk],
            default=confidence.max(),
        )

    def coverage(confidence, correct, risk):
        allowed = [t for t in confidence if np.mean(~correct[confidence >= t]) <= risk]
        return np.mean(confidence >= min(allowed))

    def one_minus_risk(confidence, correct, risk):
        return 1 - risk

    def surest_mistake(confidence, correct, risk):
        return confidence[confidence > confidence[~correct].max(initial=0)].min(initial=1)

    cases = (
        (np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True]), 0.25),
        (np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True]), 0.2),
        (
            np.array([0.55, 0.95, 0.7, 0.99, 0.85, 0.6, 0.9, 0.3]),
            np.array([True, False, True, True, True, True, True, False]),
            0.2,
        ),
        (
            np.array([0.8, 0.9, 0.8, 0.8, 0.4, 0.97]),
            np.array([True, True, False, True, False, True]),
            0.2,
        ),
        (
            np.array([0.5, 0.6, 0.7, 0.8, 0.9]),
            np.array([False, False, True, False, True]),
            0.34,
        ),
        (
            np.array([0.95, 0.9, 0.8, 0.7, 0.2, 0.1]),
            np.array([True, True, False, True, False, False]),
            0.2,
        ),
    )
    return Exercise(
        solution=threshold_for,
        also_right=(sorted_first, from_below, with_sets),
        mistakes=grouped(
            (
                (
                    first_failure,
                    "You came down from the top and stopped at the first threshold that fails. Further "
                    "down, right answers may bring the share below the limit again.",
                ),
                (
                    highest,
                    "This is the highest threshold that is safe. It answers hardly anything: take the "
                    "lowest.",
                ),
                (
                    of_all,
                    "You divided the mistakes by all pictures. The limit holds for the answered ones: "
                    "divide by their number.",
                ),
                (
                    strictly_above,
                    "You answered above t only. The rule says confidence ≥ t, so t itself is "
                    "answered, too.",
                ),
                (
                    strictly_less,
                    "A share of exactly the risk is allowed: at most means `<=`.",
                ),
                (
                    coverage,
                    "This is the share of pictures that would be answered. Return the threshold.",
                ),
                (
                    one_minus_risk,
                    "That would be enough if the confidence could be trusted. Count the mistakes "
                    "instead.",
                ),
                (
                    surest_mistake,
                    "This rule allows no mistake at all. A few are allowed: the share that is given.",
                ),
            )
        ),
        probe=calls(*cases),
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
        explanation="The share of mistakes does not simply rise as the threshold falls: right answers "
        "bring it down again. So all thresholds are tried, and of those that keep the limit the "
        "lowest answers most.",
    )


def four_diagrams() -> Exercise:
    """Which of the models A to D is what?"""
    right = ["C", "A", "D", "B"]
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

    def observe(choices):
        if not isinstance(choices, (list, tuple, np.ndarray)) or len(choices) != 4:
            raise NotYet(no_list)
        letters = [
            str(choice).upper().replace("MODEL", "").strip(" .()*_'\"") for choice in choices
        ]
        if not set(letters) <= set(diagrams):
            raise NotYet(no_letter)
        for letter, wanted, sign in zip(letters, right, signs, strict=True):
            if letter != wanted:
                # Raised, since an observation would be shown beside the right letter.
                raise NotYet(f"{diagrams[letter]} {sign}")
            yield "your answer", letter

    def confusions():
        """Every wrong letter, in each place."""
        for place, sign in enumerate(signs):
            for letter, diagram in diagrams.items():
                if letter != right[place]:
                    yield [*right[:place], letter, *right[place + 1 :]], f"{diagram} {sign}"

    return Exercise(
        solution=right,
        also_right=(
            ("C", "A", "D", "B"),
            ["c", " a", "d.", "(b)"],
            ["model C", "model A", "model D", "model B"],
            np.array(["C", "A", "D", "B"]),
        ),
        mistakes=grouped(
            (
                *confusions(),
                ([3, 1, 4, 2], no_letter),
                (["C", "A", "D", "E"], no_letter),
                ("CADB", no_list),
            )
        ),
        probe=observe,
        hints=(
            "The thick line is the accuracy. Begin with the diagrams in which it lies on the "
            "diagonal: there are two.",
            "Of those two, which one gives different confidences to different pictures?",
            "Of the other two, one has its thick lines below the diagonal: it promises more than "
            "it keeps.",
        ),
        takeaway="Calibrated is not the same as good. A model that says one tenth to everything "
        "has an ECE near 0 and knows nothing, so never report the ECE alone.",
        explanation="C multiplies its scores by 2.5 and is too sure; A by 0.4 and is too modest; D leaves "
        "them as they are. B has thrown its scores away and is right about one picture in ten, "
        "exactly as it says.",
    )


EXERCISES = {
    "8.1": calibration_error_by_bins,
    "8.2": brier,
    "8.3": best_temperature_of_a_list,
    "8.4": threshold_for_a_risk,
    "8.5": four_diagrams,
}
