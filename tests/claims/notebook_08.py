"""What notebook 08 claims: confidence that outgrows accuracy, its repair, and what stays broken."""

import numpy as np

from helpers import metrics, sketches
from helpers.data import load
from helpers.layers import SoftmaxCrossEntropy
from helpers.maths import cross_entropy, one_hot, softmax
from helpers.networks import network, scores_of
from helpers.quiet_tensorflow import keras

TRAINING = 40_000
EPOCHS = 45

# Seeds 0 to 2 (nine networks, three smoothed ones) lie within, with room for other computers.
BANDS = {}

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
    "near .95, right": r"share of them that is right: +([\d.]+)",
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
    "inverted, confidence": r"Bars of confidence as trained, .*\n(?:.*\n)?  inverted: ([\d.]+)",
    "inverted, confidence with T": r"Bars of confidence divided by T, .*\n.*\n  inverted: ([\d.]+)",
    "black, confidence": r"Bars of confidence as trained, (?:.*\n)+?  black: ([\d.]+)",
    "risk at half coverage": r"Line surest first .*\n.*\n?.*; 0\.5 → ([\d.]+)",
    "ensemble, accuracy": r"ensemble of three +accuracy ([\d.]+)",
    "ensemble, NLL": r"ensemble of three .*NLL ([\d.]+)",
    "ensemble, Brier": r"ensemble of three .*Brier ([\d.]+)",
    "ensemble, ECE": r"ensemble of three .*ECE ([\d.]+)",
    "smoothed, ECE": r"label smoothing .*ECE ([\d.]+)",
}

# What the prose says, and the number that must lie in between for it to be true.
PROSE = {}


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
        "black": (np.full_like(pictures[:100], 255), labels[:100]),
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
    facts["validation minus test, accuracy"] = facts["epoch 45, accuracy"] - facts["test, accuracy"]

    rules = [
        abstaining(looks[45], validation_labels, test_scores, data.test_labels, temperature)
        for (_, looks), test_scores in zip(runs, each, strict=True)
    ]
    for name in rules[0]:
        facts |= {f"{name}, lowest": min(rule[name] for rule in rules)}
        facts |= {f"{name}, highest": max(rule[name] for rule in rules)}

    for kind, (pictures, right) in strange_pictures(data).items():
        each = [scores_of(model, pictures) for model, _ in runs]
        scores = np.concatenate(each)
        facts[f"{kind}, accuracy"] = metrics.accuracy(np.tile(right, 3), scores.argmax(axis=1))
        facts[f"{kind}, confidence"] = float(softmax(scores).max(axis=1).mean())
        cooled = softmax(scores / temperature).max(axis=1)
        facts[f"{kind}, confidence with T"] = float(cooled.mean())
        last = softmax(each[-1] / temperature).max(axis=1)
        facts[f"{kind}, answered"] = float(np.mean(last >= rules[-1]["threshold"]))
    facts["inverted answered minus real answered"] = (
        facts["inverted, answered"] - rules[-1]["rule, test coverage"]
    )

    smooth_loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    smoothed, smooth_looks = trained(3 * seed, one_hot(labels, 10), smooth_loss, data, (45,))
    facts |= judged("smoothed", softmax(scores_of(smoothed, data.test_images)), data.test_labels)
    facts["smoothed, T"] = metrics.fit_temperature(smooth_looks[45], validation_labels)
    return facts
