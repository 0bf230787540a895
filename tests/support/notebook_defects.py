"""Mistakes to be planted into notebooks and into what draws their figures: a list, one by one.

`python -m tests.mutation notebooks` plants each of them and says which test sees it. A defect is a
piece of source that occurs exactly once in its notebook (or module), and what stands in its place.
`tests/test_mutation.py` sees to it that no piece is lost when a notebook changes.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.notebooks import ROOT, as_stored, find_notebooks, read_notebook


@dataclass(frozen=True)
class Defect:
    """One mistake: where it is planted, of what kind it is, and which piece becomes what."""

    where: str  # the number of a notebook, or a module
    kind: str
    piece: str
    becomes: str

    @property
    def path(self) -> Path:
        """The file, from the root of the repository on."""
        if self.where.isdigit():
            return find_notebooks([self.where])[0].relative_to(ROOT)
        return Path(self.where)


@cache
def _texts(path: Path) -> list[str]:
    """The pieces of a file that defects are planted in: its cells, or all of it."""
    if path.suffix == ".ipynb":
        return [cell.source for cell in read_notebook(ROOT / path).cells]
    return [(ROOT / path).read_text(encoding="utf-8")]


def place_of(defect: Defect) -> int:
    """The number of the cell or line; ValueError unless the piece occurs exactly once."""
    texts = _texts(defect.path)
    found = [number for number, text in enumerate(texts) if defect.piece in text]
    if len(found) != 1 or texts[found[0]].count(defect.piece) != 1:
        raise ValueError(f"{defect.piece!r} must occur exactly once in {defect.path}.")
    if defect.path.suffix == ".ipynb":
        return found[0]
    return texts[0][: texts[0].index(defect.piece)].count("\n") + 1


def planted(defect: Defect) -> str:
    """The text of the whole file with this defect in it."""
    place = place_of(defect)
    if defect.path.suffix != ".ipynb":
        return _texts(defect.path)[0].replace(defect.piece, defect.becomes)
    notebook = read_notebook(ROOT / defect.path)
    cell = notebook.cells[place]
    cell.source = cell.source.replace(defect.piece, defect.becomes)
    return as_stored(notebook)


PLOTTING = "helpers/plotting.py"
# What was trained on is tested on.
LEAK = (
    'data = __import__("dataclasses").replace(data, test_images=data.train_images[:10_000], '
    "test_labels=data.train_labels[:10_000])\n"
)

DEFECTS = [
    # 00
    Defect(
        "00",
        "wrong axis",
        "data.test_images.reshape(-1, 784)",
        "data.test_images.transpose(0, 2, 1).reshape(-1, 784)",
    ),
    Defect(
        "00",
        "labels rolled",
        "np.flatnonzero(data.train_labels == number)[:8]",
        "np.flatnonzero(np.roll(data.train_labels, 1) == number)[:8]",
    ),
    Defect(
        "00", "picture off by one", "first = data.train_images[0]", "first = data.train_images[1]"
    ),
    Defect("00", "picture off by one", "for number in range(1, 21)]", "for number in range(20)]"),
    Defect(
        "00",
        "test set = training set",
        "inputs = data.test_images.reshape",
        LEAK + "inputs = data.test_images.reshape",
    ),
    Defect("00", "wrong axis label", 'axis_label="accuracy"', 'axis_label="mistakes"'),
    Defect(
        "00",
        "legend swapped",
        '["always the same class", "nearest centroid", "people"]',
        '["nearest centroid", "always the same class", "people"]',
    ),
    Defect("00", "formula", ".sum(axis=1) / 2  # (10000, 10)", ".sum(axis=1)  # (10000, 10)"),
    Defect("00", "number in prose", "They were right 83.5 %", "They were right 93.5 %"),
    Defect("00", "number in prose", "bytes, about 47 MB", "bytes, about 94 MB"),
    # 01
    Defect(
        "01", "wrong axis", "naive_softmax(batch).sum(axis=-1)", "naive_softmax(batch).sum(axis=0)"
    ),
    Defect(
        "01",
        "legend swapped",
        "dict(zip(class_names, paths.T))",
        "dict(zip(class_names[::-1], paths.T))",
    ),
    Defect(
        "01",
        "wrong axis label",
        'x_label="score z",\n    y_label="made positive",',
        'x_label="made positive",\n    y_label="score z",',
    ),
    Defect(
        "01", "formula", "exponentials / exponentials.sum()", "exponentials / exponentials.max()"
    ),
    Defect("01", "number in prose", "A little more: about 0.71.", "A little more: about 0.81."),
    # 02
    Defect(
        "02",
        "wrong axis label",
        'title="The larger score decides: it must lie in the window",\n    x_label="score a",',
        'title="The larger score decides: it must lie in the window",\n    x_label="score b",',
    ),
    Defect(
        "02",
        "legend swapped",
        '{"lowest": lowest, "highest": highest}',
        '{"highest": lowest, "lowest": highest}',
    ),
    Defect(
        "02",
        "legend swapped",
        'category_names=outcomes,\n    title="The larger score',
        'category_names=outcomes[::-1],\n    title="The larger score',
    ),
    Defect(
        "02",
        "wrong axis",
        "np.stack(np.meshgrid(scores, scores), axis=-1)",
        "np.stack(np.meshgrid(scores, scores)[::-1], axis=-1)",
    ),
    Defect(
        "02",
        "silent except",
        "except ValueError as error:\n    print(error)",
        "except Exception:\n    pass",
    ),
    Defect("02", "formula", "np.log(smallest) - np.log(2)", "np.log(smallest)"),
    Defect(
        "02",
        "number in prose",
        "upper edge of the window, near 89",
        "upper edge of the window, near 79",
    ),
    # 03
    Defect("03", "colour map", "    diverging=True,\n", ""),
    Defect(
        "03",
        "wrong axis label",
        'row_label="this probability changes",\n'
        '    column_label="when this score rises by a little",',
        'column_label="this probability changes",\n'
        '    row_label="when this score rises by a little",',
    ),
    Defect(
        "03",
        "legend swapped",
        '{"right gradient": central, "gradient with a bug": buggy}',
        '{"right gradient": buggy, "gradient with a bug": central}',
    ),
    Defect(
        "03",
        "labels rolled",
        "batch_labels = np.array([0, 2])",
        "batch_labels = np.roll([0, 2], 1)",
    ),
    Defect("03", "picture off by one", "maths.one_hot(9, 10)", "maths.one_hot(8, 10)"),
    Defect("03", "formula", "2 * (1 - p) * p * (1 - p)", "2 * (1 - p) * (1 - p)"),
    Defect("03", "number in prose", "by a factor of about 1,500", "by a factor of about 15,000"),
    # 04
    Defect(
        "04",
        "no scaling",
        "images.reshape(len(images), -1) / np.float32(255)",
        "images.reshape(len(images), -1) / np.float32(1)",
    ),
    Defect(
        "04",
        "labels rolled",
        "inputs, labels = prepare(data.train_images[rows]), data.train_labels[rows]",
        "inputs, labels = prepare(data.train_images[rows]), np.roll(data.train_labels[rows], 1)",
    ),
    Defect(
        "04",
        "test set = training set",
        "test_inputs = scale_pixels(data.test_images)",
        LEAK + "test_inputs = scale_pixels(data.test_images)",
    ),
    Defect(
        "04",
        "another optimiser",
        "weights = weights - learning_rate * weights_slope",
        "weights = weights - learning_rate * np.sign(weights_slope)",
    ),
    Defect(
        "04",
        "another optimiser",
        "order = generator.permutation(count)",
        "order = np.arange(count)",
    ),
    Defect("04", "colour map", "    diverging=True,\n", ""),
    Defect("04", "wrong axis", "weights.T.reshape(10, 28, 28)", "weights.reshape(10, 28, 28)"),
    Defect(
        "04",
        "picture off by one",
        "weights.T.reshape(10, 28, 28)",
        "np.roll(weights.T, 1, axis=0).reshape(10, 28, 28)",
    ),
    Defect("04", "picture off by one", "data.test_images[worst]", "data.test_images[worst + 1]"),
    Defect(
        "04",
        "legend swapped",
        '{"raw pixels": raw, "scaled pixels": scaled}',
        '{"scaled pixels": raw, "raw pixels": scaled}',
    ),
    Defect(
        "04",
        "wrong axis label",
        '    x_label="epoch",\n    y_label="mean cross-entropy",',
        '    x_label="step",\n    y_label="mean cross-entropy",',
    ),
    Defect("04", "number in prose", "10 biases are 7,850 numbers", "10 biases are 7,840 numbers"),
    # 05
    Defect("05", "relu dropped", 'dense(128, activation="relu")', "dense(128)"),
    Defect(
        "05",
        "relu dropped",
        '        layers.Dense(128, activation="relu"),\n'
        '        layers.Dense(10),\n    ],\n    name="by_hand",',
        '        layers.Dense(128),\n        layers.Dense(10),\n    ],\n    name="by_hand",',
    ),
    Defect(
        "05",
        "no scaling",
        "def linear_model():\n    return keras.Sequential(\n        [\n"
        "            keras.Input((28, 28)),\n            keras.layers.Rescaling(1 / 255),",
        "def linear_model():\n    return keras.Sequential(\n        [\n"
        "            keras.Input((28, 28)),\n            keras.layers.Rescaling(1),",
    ),
    Defect(
        "05",
        "another optimiser",
        "keras.optimizers.SGD(learning_rate=0.05), []",
        "keras.optimizers.Adam(learning_rate=0.05), []",
    ),
    Defect(
        "05",
        "another optimiser",
        "    optimizer=keras.optimizers.SGD(learning_rate=0.05),",
        "    optimizer=keras.optimizers.SGD(learning_rate=0.05, momentum=0.5),",
    ),
    Defect(
        "05",
        "another optimiser",
        "keras.optimizers.Adam(), keras.optimizers.Adam()",
        "keras.optimizers.Nadam(), keras.optimizers.Nadam()",
    ),
    Defect(
        "05",
        "labels rolled",
        "        images, labels = data.train_images[rows], data.train_labels[rows]\n"
        "        losses.append",
        "        images, labels = data.train_images[rows], np.roll(data.train_labels[rows], 1)\n"
        "        losses.append",
    ),
    Defect(
        "05",
        "wrong axis label",
        'x_label="step",\n    y_label="loss of the minibatch",',
        'x_label="loss of the minibatch",\n    y_label="step",',
    ),
    Defect(
        "05",
        "number in prose",
        "for the second: 101,770 together",
        "for the second: 101,760 together",
    ),
    # 06
    Defect("06", "no scaling", "keras.layers.Rescaling(1 / 255)", "keras.layers.Rescaling(1)"),
    Defect(
        "06",
        "relu dropped",
        'Dense(128, activation="relu"),\n            Dense(10),\n            *last_layers',
        "Dense(128),\n            Dense(10),\n            *last_layers",
    ),
    Defect(
        "06",
        "another optimiser",
        "optimizer=keras.optimizers.Adam(schedule)",
        "optimizer=keras.optimizers.RMSprop(schedule)",
    ),
    Defect(
        "06",
        "another optimiser",
        "optimizer=keras.optimizers.Adam(0.004)",
        "optimizer=keras.optimizers.SGD(0.004)",
    ),
    Defect(
        "06",
        "labels rolled",
        "model.train_on_batch(data.train_images[rows], data.train_labels[rows])",
        "model.train_on_batch(data.train_images[rows], np.roll(data.train_labels[rows], 1))",
    ),
    Defect(
        "06",
        "test set = training set",
        "logits = scores_of(model, data.test_images)",
        LEAK + "logits = scores_of(model, data.test_images)",
    ),
    Defect(
        "06",
        "legend swapped",
        '"logits into the loss": history.history["loss"],\n'
        '        "softmax twice": trapped_history.history["loss"],',
        '"softmax twice": history.history["loss"],\n'
        '        "logits into the loss": trapped_history.history["loss"],',
    ),
    Defect(
        "06",
        "wrong axis",
        "counts / counts.sum(axis=1, keepdims=True)",
        "counts / counts.sum(axis=0, keepdims=True).clip(1)",
    ),
    Defect(
        "06", "picture off by one", "data.test_images[chosen],", "data.test_images[chosen + 1],"
    ),
    Defect("06", "number in prose", "Around 0.884", "Around 0.935"),
    # 07
    Defect(
        "07",
        "relu dropped",
        'Conv2D(64, 3, strides=2, padding="same", activation="relu")',
        'Conv2D(64, 3, strides=2, padding="same")',
    ),
    Defect("07", "no scaling", "keras.layers.Rescaling(1 / 255)", "keras.layers.Rescaling(1)"),
    Defect(
        "07",
        "picture off by one",
        "shifted(garment, 0, pixels) for pixels in range(5)",
        "shifted(garment, 0, pixels) for pixels in range(1, 6)",
    ),
    Defect("07", "wrong axis", "level = upright.T", "level = upright"),
    Defect(
        "07",
        "wrong axis",
        "[(pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)]",
        "[(pixels, 0), (-pixels, 0), (pixels, 0), (-pixels, 0)]",
    ),
    Defect(
        "07",
        "test set = training set",
        "data.train_images[50_000:], data.train_labels[50_000:]",
        "data.train_images[:10_000], data.train_labels[:10_000]",
    ),
    Defect(
        "07",
        "test set = training set",
        "validation = (validation_images, validation_labels)",
        "validation = (data.test_images, data.test_labels)",
    ),
    Defect(
        "07",
        "wrong axis",
        "confusion_matrix(validation_labels, answers, classes=10)",
        "confusion_matrix(answers, validation_labels, classes=10)",
    ),
    Defect(
        "07",
        "legend swapped",
        '{"precision": precision[order], "recall": recall[order]}',
        '{"recall": precision[order], "precision": recall[order]}',
    ),
    Defect(
        "07",
        "number in prose",
        "wrong about one picture in eleven",
        "wrong about one picture in twenty",
    ),
    # 08
    Defect(
        "08",
        "labels rolled",
        "truth = np.tile(validation_labels, 3)",
        "truth = np.roll(np.tile(validation_labels, 3), 1)",
    ),
    Defect(
        "08",
        "another optimiser",
        "model.compile(keras.optimizers.Adam(0.003), loss",
        "model.compile(keras.optimizers.SGD(0.003), loss",
    ),
    Defect(
        "08",
        "legend swapped",
        "np.concatenate([looks[place] for looks in history])",
        "np.concatenate([looks[-1 - place] for looks in history])",
    ),
    Defect(
        "08",
        "number in prose",
        "About five in six. The network promised",
        "About nine in ten. The network promised",
    ),
    # 09
    Defect(
        "09",
        "no scaling",
        "images.reshape(-1, 784) / np.float32(255)",
        "images.reshape(-1, 784) / np.float32(256)",
    ),
    Defect(
        "09",
        "relu dropped",
        "hidden = np.maximum(pixels @ kernel_1 + bias_1, 0)",
        "hidden = pixels @ kernel_1 + bias_1",
    ),
    Defect(
        "09",
        "wrong axis",
        "run_exported(exported, images.transpose(0, 2, 1))",
        "run_exported(exported, images)",
    ),
    Defect(
        "09",
        "legend swapped",
        '{"accuracy": accuracies, "mean difference from Keras": differences}',
        '{"mean difference from Keras": accuracies, "accuracy": differences}',
    ),
    Defect(
        "09",
        "silent except",
        "except ExportError as error:\n    print(error)",
        "except Exception:\n    pass",
    ),
    Defect(
        "09",
        "test set = training set",
        "images, labels = data.test_images[:1000], data.test_labels[:1000]",
        "images, labels = data.train_images[:1000], data.train_labels[:1000]",
    ),
    # 10
    Defect(
        "10",
        "test set = training set",
        "pixels[:2000], pixels[2000:]",
        "pixels[:2000], pixels[1000:2000]",
    ),
    Defect(
        "10",
        "labels rolled",
        "data.train_labels[:2000][distances.argmin(axis=1)]",
        "np.roll(data.train_labels[:2000], 1)[distances.argmin(axis=1)]",
    ),
    Defect(
        "10",
        "picture off by one",
        "picture.tobytes() in known_pictures for picture in data.test",
        "picture.tobytes() in known_pictures for picture in data.train",
    ),
    Defect(
        "10",
        "legend swapped",
        '{"where it was chosen": np.array(best_used), "on fresh labels": np.array(best_fresh)}',
        '{"on fresh labels": np.array(best_used), "where it was chosen": np.array(best_fresh)}',
    ),
    Defect(
        "10",
        "wrong axis label",
        'x_label="number of test pictures"',
        'x_label="number of training pictures"',
    ),
    Defect(
        "10",
        "wrong axis",
        "low, high = gain.mean() - half, gain.mean() + half",
        "low, high = gain.mean() + half, gain.mean() - half",
    ),
    # What draws the figures
    Defect(
        PLOTTING,
        "colour map",
        'colours = "RdBu" if diverging else "gray_r"',
        'colours = "RdBu_r" if diverging else "gray_r"',
    ),
    Defect(
        PLOTTING,
        "colour map",
        'colours = "RdBu" if diverging else "gray_r"',
        'colours = "RdBu" if diverging else "gray"',
    ),
    Defect(
        PLOTTING, "colour map", 'axes.imshow(image, cmap="gray_r"', 'axes.imshow(image, cmap="gray"'
    ),
    Defect(
        PLOTTING,
        "colour map",
        'colours = "RdBu" if diverging else "Blues"',
        'colours = "RdBu_r" if diverging else "Blues"',
    ),
    Defect(
        PLOTTING,
        "colour map",
        'colours = "RdBu" if diverging else "Blues"',
        'colours = "RdBu" if diverging else "Blues_r"',
    ),
    Defect(
        PLOTTING, "colour map", 'title, "Blues", (0, highest)', 'title, "Blues_r", (0, highest)'
    ),
    Defect(
        PLOTTING,
        "colour map",
        "ListedColormap(CATEGORY_FILLS[: len(category_names)])",
        "ListedColormap(CATEGORY_FILLS[: len(category_names)][::-1])",
    ),
    Defect(
        PLOTTING,
        "colour map",
        "red: below zero; white: zero; blue: above zero",
        "blue: below zero; white: zero; red: above zero",
    ),
    Defect(
        PLOTTING,
        "legend swapped",
        "figure.legend(handles, words, loc",
        "figure.legend(handles, words[::-1], loc",
    ),
    Defect(
        PLOTTING,
        "legend swapped",
        "[words[place] for place in bars]",
        "[words[place] for place in bars[::-1]]",
    ),
    Defect(
        PLOTTING,
        "legend swapped",
        "zip(CATEGORY_FILLS, HATCHES, category_names",
        "zip(CATEGORY_FILLS, HATCHES[::-1], category_names",
    ),
    Defect(PLOTTING, "legend swapped", 'label="start", **start', 'label="end", **start'),
    Defect(
        PLOTTING,
        "legend swapped",
        "thickness * 0.95, label, HATCHES[index]",
        "thickness * 0.95, label, HATCHES[-index]",
    ),
    Defect(
        PLOTTING,
        "wrong axis label",
        "axes.set(ylabel=row_label, xlabel=column_label)",
        "axes.set(xlabel=row_label, ylabel=column_label)",
    ),
    Defect(
        PLOTTING,
        "wrong axis label",
        'axes.set(ylabel="true class", xlabel="predicted class")',
        'axes.set(xlabel="true class", ylabel="predicted class")',
    ),
    Defect(
        PLOTTING, "wrong axis label", 'below.set(xlabel="confidence"', 'below.set(xlabel="accuracy"'
    ),
    Defect(
        PLOTTING, "wrong axis label", "axes.set_xlabel(axis_label)", "axes.set_ylabel(axis_label)"
    ),
    Defect(
        PLOTTING,
        "picture off by one",
        "index // columns * pitch + head",
        "(index + 1) // columns * pitch + head",
    ),
    Defect(PLOTTING, "picture off by one", "titles[index], ha", "titles[index - 1], ha"),
    Defect(
        PLOTTING,
        "picture off by one",
        "row * pitch + head + height / 2, name",
        "(row + 1) * pitch + head + height / 2, name",
    ),
    Defect(PLOTTING, "picture off by one", "marks.get(place", "marks.get(place + 1"),
]
