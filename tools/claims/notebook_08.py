"""What notebook 08 claims: confidence that outgrows accuracy, its repair, and what stays broken."""

import math

import numpy as np

from helpers import metrics, sketches
from helpers.data import load
from helpers.layers import SoftmaxCrossEntropy
from helpers.maths import cross_entropy, one_hot, softmax
from helpers.networks import network, scores_of
from helpers.quiet_tensorflow import keras
from tools.claims import Printed, Within

TRAINING = 40_000
EPOCHS = 45

# By hand, in the notebook: four answers, two of them with .7 and .9 in one bin, one of these right.
GAP = abs(np.mean([1, 0]) - np.mean([0.7, 0.9]))
RANKED = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
ANSWERS = np.arange(3 * 10_000)
SMOOTH = (1 - 0.1) * np.eye(10)[0] + 0.1 / 10

FACTS = {
    "A confidence of .95 sounds like a promise: of a hundred such answers, ninety-five are right": (
        0.95,
        100,
        0.95 * 100,
    ),
    "keep the last 20,000 training pictures": 60_000 - TRAINING,
    "60,000 answers, three for each": (3 * (60_000 - TRAINING), 3),
    "one of these pictures in twenty": Within(1 - 0.95, 1 / 20 - 1e-9, 1 / 20 + 1e-9),
    "one picture in 40": 1 / 40,
    "of four answers, two with the confidences .7 and .9 share a bin, and one of them is right. "
    "Accuracy .5, mean confidence .8, gap .3, weight 2/4. They add .15": (
        *(4, 2, 0.7, 0.9),
        *(np.mean([1, 0]), np.mean([0.7, 0.9]), GAP, 2, 4, 2 / 4 * GAP),
    ),
    "and 2 bins it returns 0.275": (
        2,
        0.5 * abs(0.5 - np.mean([0.7, 0.9])) + 0.5 * abs(0.5 - np.mean([0.3, 0.2])),
    ),
    "has an accuracy of 0, ⅓, ⅔ or 1": (0, 1 / 3, 2 / 3, 1),
    "Look at .95 itself": (0.93 + 0.97) / 2,
    "with a confidence near .95. These": (0.93 + 0.97) / 2,
    "after 5 epochs and after 45": (5, EPOCHS),
    "The hatched gap grows up to a confidence of .9": Printed(
        r"confidence − accuracy(?:.*\n)+?  0\.8 to (0\.9): 0\.1[2-9]"
    ),
    "Now all four judges, three times during": (4, len((15, 30, 45))),
    "It cannot punish a mistake by more than 2": Within(
        metrics.brier_score(np.array([[0.0, 1.0]]), np.array([0])), 2, 2
    ),
    "it returns 0.6; for the risk 0.2 it returns 0.8": (
        metrics.threshold_for(*RANKED, risk=0.25),
        0.2,
        metrics.threshold_for(*RANKED, risk=0.2),
    ),
    "95 of 100 such intervals": Within(math.erf(1.96 / math.sqrt(2)), 0.9499, 0.9501),
    "Each kind gets 30,000 answers": len(ANSWERS),
    "half of the answers come with more, half with less": (
        np.mean(np.median(ANSWERS) < ANSWERS),
        np.mean(np.median(ANSWERS) > ANSWERS),
    ),
    "Ten thousand pictures are a sample": 10_000,
    "0.91 for the true class and 0.01 for each other one": (SMOOTH[0], SMOOTH[1]),
    "at .95, ninety-five in a hundred": (0.95, 0.95),
}

SAID = {
    'A network says "Shirt, .95"': "an example",
    "do not take a few thousandths seriously": "advice",
    "say for 1.5 %": "advice",
}

# Seeds 0 to 2 (nine networks, three smoothed ones) lie within, with room for other computers.
BANDS = {
    "epoch 15, accuracy": (0.870, 0.893),
    "epoch 15, confidence": (0.885, 0.915),
    "epoch 15, NLL": (0.32, 0.36),
    "epoch 15, Brier": (0.162, 0.182),
    "epoch 15, ECE": (0.012, 0.026),
    "epoch 45, accuracy": (0.868, 0.890),
    "epoch 45, confidence": (0.92, 0.945),
    "epoch 45, NLL": (0.38, 0.47),
    "epoch 45, Brier": (0.170, 0.200),
    "epoch 45, ECE": (0.042, 0.065),
    "accuracy grows by": (-0.012, 0.008),
    "confidence grows by": (0.022, 0.045),
    "NLL grows by": (0.05, 0.13),
    "Brier grows by": (0.002, 0.026),
    "ECE grows by the factor": (2.05, 4.5),
    "T": (1.65, 2.05),
    "1/T": (0.487, 0.607),
    "near .95, right": (0.80, 0.87),
    "validation with T, NLL": (0.33, 0.37),
    "test, accuracy": (0.857, 0.880),
    "test, confidence": (0.915, 0.945),
    "test, NLL": (0.43, 0.53),
    "test, Brier": (0.183, 0.215),
    "test, ECE": (0.047, 0.075),
    "test with T, accuracy": (0.857, 0.880),
    "test with T, confidence": (0.85, 0.885),
    "test with T, NLL": (0.36, 0.40),
    "test with T, Brier": (0.176, 0.202),
    "test with T, ECE": (0.003, 0.018),
    "test near .95 with T, right": (0.93, 0.962),
    "ensemble, accuracy": (0.872, 0.895),
    "ensemble, confidence": (0.885, 0.92),
    "ensemble, NLL": (0.335, 0.385),
    "ensemble, Brier": (0.155, 0.182),
    "ensemble, ECE": (0.008, 0.036),
    "ensemble minus one network, accuracy": (0.008, 0.03),
    "validation minus test, accuracy": (0.005, 0.018),
    "threshold, lowest": (0.83, 0.91),
    "threshold, highest": (0.87, 0.94),
    "threshold, mean": (0.85, 0.93),
    "risk at half coverage, lowest": (0.004, 0.011),
    "risk at half coverage, highest": (0.005, 0.0125),
    "risk at half coverage, mean": (0.006, 0.0115),
    "rule, test coverage, lowest": (0.57, 0.66),
    "rule, test coverage, highest": (0.60, 0.69),
    "rule, test coverage, mean": (0.60, 0.69),
    "rule, test risk, lowest": (0.017, 0.025),
    "rule, test risk, highest": (0.02, 0.029),
    "rule, test risk, mean": (0.02, 0.027),
    "rule, mistakes left of all, lowest": (0.08, 0.13),
    "rule, mistakes left of all, highest": (0.09, 0.145),
    "rule, mistakes left of all, mean": (0.09, 0.14),
    "inverted, accuracy": (0.0, 0.13),
    "inverted, median confidence": (0.99, 1),
    "inverted, median confidence with T": (0.96, 1),
    "inverted, mistakes among the answered": (0.87, 1.0),
    "inverted minus real, median confidence with T": (0.005, 0.05),
    "shifted, accuracy": (0.15, 0.37),
    "shifted, median confidence": (0.98, 0.995),
    "shifted, median confidence with T": (0.88, 0.92),
    "shifted, mistakes among the answered": (0.53, 0.85),
    "noisy, accuracy": (0.56, 0.68),
    "noisy, median confidence": (0.955, 0.98),
    "noisy, median confidence with T": (0.80, 0.845),
    "noisy, mistakes among the answered": (0.06, 0.22),
    "sketches, accuracy": (0.37, 0.53),
    "sketches, median confidence": (0.835, 0.88),
    "sketches, median confidence with T": (0.61, 0.67),
    "sketches, mistakes among the answered": (0.25, 0.46),
    "black, accuracy": (0, 0),
    "black, median confidence": (0.99, 1),
    "black, median confidence with T": (0.93, 1),
    "black, mistakes among the answered": (1, 1),
    "smoothed, accuracy": (0.863, 0.891),
    "smoothed, confidence": (0.78, 0.835),
    "smoothed, NLL": (0.41, 0.48),
    "smoothed, Brier": (0.175, 0.207),
    "smoothed, ECE": (0.045, 0.09),
    "smoothed, accuracy minus confidence": (0.04, 0.09),
    "smoothed, T": (0.69, 0.82),
}

# Where the stored notebook prints such a number.
PRINTED = {
    "epoch 15, accuracy": r"after 15 epochs +accuracy ([\d.]+)",
    "epoch 15, NLL": r"after 15 epochs .*NLL ([\d.]+)",
    "epoch 15, Brier": r"after 15 epochs .*Brier ([\d.]+)",
    "epoch 15, ECE": r"after 15 epochs .*ECE ([\d.]+)",
    "epoch 45, accuracy": r"after 45 epochs +accuracy ([\d.]+)",
    "epoch 45, NLL": r"after 45 epochs .*NLL ([\d.]+)",
    "epoch 45, Brier": r"after 45 epochs .*Brier ([\d.]+)",
    "epoch 45, ECE": r"after 45 epochs .*ECE ([\d.]+)",
    "near .95, right": r"mean confidence 0\.95, right ([\d.]+)",
    "1/T": r"multiplied by 1/T = ([\d.]+)",
    "validation with T, NLL": r"divided by T .*NLL ([\d.]+)",
    "test near .95 with T, right": r"of these right ([\d.]+)",
    "test, accuracy": r"test, as trained +accuracy ([\d.]+)",
    "test, NLL": r"test, as trained .*NLL ([\d.]+)",
    "test, Brier": r"test, as trained .*Brier ([\d.]+)",
    "test, ECE": r"test, as trained .*ECE ([\d.]+)",
    "test with T, NLL": r"test, divided by T .*NLL ([\d.]+)",
    "test with T, Brier": r"test, divided by T .*Brier ([\d.]+)",
    "test with T, ECE": r"test, divided by T .*ECE ([\d.]+)",
    "inverted, accuracy": r"Bars of accuracy, .*\n(?:.*\n)?  inverted: ([\d.]+)",
    "inverted, median confidence": r"Bars of confidence as trained, (?:.*\n)+?  inverted: ([\d.]+)",
    "inverted, median confidence with T": (
        r"Bars of confidence divided by T, (?:.*\n)+?  inverted: ([\d.]+)"
    ),
    "black, median confidence": r"Bars of confidence as trained, (?:.*\n)+?  black: ([\d.]+)",
    "rule, test coverage, mean": r"on average a network answers ([\d.]+)",
    "risk at half coverage, lowest": r"Line surest first .*\n.*\n?.*; 0\.5 → ([\d.]+)",
    "ensemble, accuracy": r"ensemble of three +accuracy ([\d.]+)",
    "ensemble, NLL": r"ensemble of three .*NLL ([\d.]+)",
    "ensemble, Brier": r"ensemble of three .*Brier ([\d.]+)",
    "ensemble, ECE": r"ensemble of three .*ECE ([\d.]+)",
    "smoothed, ECE": r"label smoothing .*ECE ([\d.]+)",
}

# What the prose says, and the number that must lie in between for it to be true.
PROSE = {
    "Then the accuracy stands still, from about epoch 15 on": ("accuracy grows by", -0.015, 0.015),
    "the confidence rises and rises": ("confidence grows by", 0.02, 1),
    "About five in six. The network promised": ("near .95, right", 0.79, 0.88),
    "only about five in six of these answers": ("near .95, right", 0.79, 0.88),
    "it is wrong about one in six": ("near .95, right", 0.79, 0.88),
    "and the ECE more than doubles": ("ECE grows by the factor", 2, 10),
    "The NLL grows clearly, too": ("NLL grows by", 0.03, 1),
    "The Brier score moves little": ("Brier grows by", 0, 0.03),
    "Above 1, near 2": ("T", 1.6, 2.4),
    "about twice as large as its knowledge": ("T", 1.6, 2.4),
    "Close to .95, perhaps a point less": ("test near .95 with T, right", 0.925, 0.965),
    "the accuracy is about one point lower": ("validation minus test, accuracy", 0.004, 0.02),
    "On two: the black picture": ("black, median confidence", 0.985, 1),
    "nearly always wrong, and all but certain": ("inverted, accuracy", 0, 0.15),
    "the inverted ones, where it is surer than on real pictures": (
        *("inverted minus real, median confidence with T", 0, 1),
    ),
    "wrong about one picture in eight": ("epoch 45, accuracy", 0.865, 0.893),
    "About one mistake in a hundred answers, or less": ("risk at half coverage, lowest", 0, 0.0125),
    "Near 2 %, and rather above": ("rule, test risk, highest", 0.02, 0.03),
    "about two pictures in three": ("rule, test coverage, mean", 0.6, 0.7),
    "about one in nine of its mistakes": ("rule, mistakes left of all, mean", 0.075, 0.145),
    "Nearly all on the inverted pictures": ("inverted, mistakes among the answered", 0.85, 1),
    "more than half on the shifted ones": ("shifted, mistakes among the answered", 0.5, 1),
    "Its mean confidence is below its accuracy": ("smoothed, accuracy minus confidence", 0.01, 1),
    "Its best $T$ is below 1": ("smoothed, T", 0, 0.95),
    "better in every column": ("ensemble minus one network, accuracy", 0.002, 1),
}


def trained(seed, targets, loss, data, look_after=()):
    """A network trained as in the notebook; its validation scores after some epochs."""
    keras.utils.set_random_seed(seed)
    model, looks = network(), {}
    model.compile(keras.optimizers.Adam(0.003), loss, steps_per_execution=50)

    def look(epoch, logs):
        if epoch + 1 in look_after:
            looks[epoch + 1] = scores_of(model, data.train_images[TRAINING:])

    model.fit(
        data.train_images[:TRAINING],
        targets,
        batch_size=512,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=look)],
    )
    return model, looks


def strange_pictures(data):
    """The pictures of the notebook that the networks were never meant for, and what is right."""
    pictures, labels = data.test_images, data.test_labels
    grain = np.random.default_rng(0).normal(0, 64, pictures.shape)
    shifted = np.pad(pictures, ((0, 0), (0, 0), (4, 0)))[:, :, :28]
    return {
        "inverted": (255 - pictures, labels),
        "shifted": (shifted, labels),
        "noisy": (np.clip(pictures + grain, 0, 255).astype(np.uint8), labels),
        "sketches": sketches.draw(10_000, seed=8),
        "black": (np.full_like(pictures, 255), np.full(len(labels), -1)),
    }


def judged(name, probabilities, truth):
    """The four judges of the notebook, and the mean confidence."""
    return {
        f"{name}, accuracy": metrics.accuracy(truth, probabilities.argmax(axis=1)),
        f"{name}, confidence": float(probabilities.max(axis=1).mean()),
        f"{name}, NLL": float(-np.log(probabilities[np.arange(len(truth)), truth]).mean()),
        f"{name}, Brier": metrics.brier_score(probabilities, truth),
        f"{name}, ECE": metrics.expected_calibration_error(probabilities, truth),
    }


def near_95(probabilities, truth):
    """Share of right answers among those with a confidence near .95."""
    confidence = probabilities.max(axis=1)
    near = (confidence > 0.93) & (confidence < 0.97)
    return float(np.mean(probabilities.argmax(axis=1)[near] == truth[near]))


def growth(looks, truth):
    """How the judges of validation scores, {epoch: scores}, change from epoch 15 to epoch 45."""
    facts = {}
    for epoch in (15, 45):
        facts |= judged(f"epoch {epoch}", softmax(looks[epoch]), truth)
    for judge in ("accuracy", "confidence", "NLL", "Brier"):
        facts[f"{judge} grows by"] = facts[f"epoch 45, {judge}"] - facts[f"epoch 15, {judge}"]
    facts["ECE grows by the factor"] = facts["epoch 45, ECE"] / facts["epoch 15, ECE"]
    return facts


def repair(scores, truth):
    """What a temperature does that was fitted on these validation scores."""
    temperature = metrics.fit_temperature(scores, truth)
    return {
        "T": temperature,
        "1/T": 1 / temperature,
        "near .95, right": near_95(softmax(scores), truth),
        "validation with T, NLL": cross_entropy(scores / temperature, truth),
    }


def abstaining(validation_scores, validation_truth, test_scores, test_truth, temperature):
    """The rule for 2 % mistakes, chosen for one network on validation and tested."""
    sureness = softmax(validation_scores / temperature).max(axis=1)
    hits = validation_scores.argmax(axis=1) == validation_truth
    threshold = metrics.threshold_for(sureness, hits, risk=0.02)
    _, coverage, risk = metrics.risk_coverage(sureness, hits)
    answered = softmax(test_scores / temperature).max(axis=1) >= threshold
    wrong = test_scores.argmax(axis=1) != test_truth
    return {
        "threshold": threshold,
        "risk at half coverage": float(np.interp(0.5, coverage, risk)),
        "rule, test coverage": float(answered.mean()),
        "rule, test risk": float(wrong[answered].mean()),
        "rule, mistakes left of all": float(wrong[answered].sum() / wrong.sum()),
    }


def measure(seed: int) -> dict[str, float]:
    """Train three networks and a smoothed one as the notebook does, on the real pictures."""
    data = load("fashion-mnist")
    labels = data.train_labels[:TRAINING]
    runs = [
        trained(number, labels, SoftmaxCrossEntropy(), data, look_after=(15, 45))
        for number in range(3 * seed, 3 * seed + 3)
    ]
    validation_labels = data.train_labels[TRAINING:]
    truth, test_truth = np.tile(validation_labels, 3), np.tile(data.test_labels, 3)
    looks = {epoch: np.concatenate([looks[epoch] for _, looks in runs]) for epoch in (15, 45)}
    facts = growth(looks, truth) | repair(looks[45], truth)
    temperature = facts["T"]

    each = [scores_of(model, data.test_images) for model, _ in runs]
    scores = np.concatenate(each)
    repaired = softmax(scores / temperature)
    facts |= judged("test", softmax(scores), test_truth)
    facts |= judged("test with T", repaired, test_truth)
    facts["test near .95 with T, right"] = near_95(repaired, test_truth)
    facts |= judged("ensemble", softmax(scores).reshape(3, -1, 10).mean(axis=0), data.test_labels)
    facts["ensemble minus one network, accuracy"] = (
        facts["ensemble, accuracy"] - facts["test, accuracy"]
    )
    facts["validation minus test, accuracy"] = facts["epoch 45, accuracy"] - facts["test, accuracy"]

    rules = [
        abstaining(looks[45], validation_labels, test_scores, data.test_labels, temperature)
        for (_, looks), test_scores in zip(runs, each, strict=True)
    ]
    for name in rules[0]:
        facts |= {f"{name}, lowest": min(rule[name] for rule in rules)}
        facts |= {f"{name}, highest": max(rule[name] for rule in rules)}
        facts |= {f"{name}, mean": float(np.mean([rule[name] for rule in rules]))}

    thresholds = [rule["threshold"] for rule in rules]
    for kind, (pictures, right) in strange_pictures(data).items():
        each = [scores_of(model, pictures) for model, _ in runs]
        scores = np.concatenate(each)
        facts[f"{kind}, accuracy"] = metrics.accuracy(np.tile(right, 3), scores.argmax(axis=1))
        facts[f"{kind}, median confidence"] = float(np.median(softmax(scores).max(axis=1)))
        cooled = softmax(scores / temperature).max(axis=1)
        facts[f"{kind}, median confidence with T"] = float(np.median(cooled))
        answered = cooled.reshape(3, -1) >= np.reshape(thresholds, (3, 1))
        wrong = scores.argmax(axis=1).reshape(3, -1) != right
        facts[f"{kind}, mistakes among the answered"] = float(np.mean(wrong[answered]))
    facts["inverted minus real, median confidence with T"] = facts[
        "inverted, median confidence with T"
    ] - np.median(repaired.max(axis=1))

    smooth_loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    smoothed, smooth_looks = trained(3 * seed, one_hot(labels, 10), smooth_loss, data, (45,))
    facts |= judged("smoothed", softmax(scores_of(smoothed, data.test_images)), data.test_labels)
    facts["smoothed, accuracy minus confidence"] = (
        facts["smoothed, accuracy"] - facts["smoothed, confidence"]
    )
    facts["smoothed, T"] = metrics.fit_temperature(smooth_looks[45], validation_labels)
    return facts
