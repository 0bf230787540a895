# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Data
data = load()
def prepare(images):
    return images[..., None].astype("float32") / 255
def split(n, seed=3):
    shuffled = np.random.default_rng(seed).permutation(60_000)
    return shuffled[:-n], shuffled[-n:]
fit_rows, dev_rows = split(8_000)
everything = {
    "train": (prepare(data.train_images[fit_rows]), data.train_labels[fit_rows]),
    "dev": (prepare(data.train_images[dev_rows]), data.train_labels[dev_rows]),
    "test": (prepare(data.test_images), data.test_labels),
}
# ## Baseline
def accuracy_of(predictions, labels):
    return (predictions == labels).mean()
centroids = np.stack([everything["train"][0][everything["train"][1] == c].mean(axis=0) for c in range(10)])
def nearest(images):
    return np.array([((centroids - image) ** 2).sum(axis=(1, 2, 3)).argmin() for image in images])
print("nearest centroid", accuracy_of(nearest(everything["dev"][0]), everything["dev"][1]))
# ## Model
def train(filters):
    keras.utils.set_random_seed(7)
    model = networks.compiled(networks.network(keras.layers.Conv2D(filters, 3), keras.layers.Flatten()))
    model.fit(*everything["train"], epochs=2, verbose=0)
    return model
models = {filters: train(filters) for filters in (8, 16)}
chosen = max(models, key=lambda f: accuracy_of(models[f].predict(everything["dev"][0]).argmax(1), everything["dev"][1]))
# ## Honest evaluation
images, labels = everything["test"]
answers = models[chosen].predict(images).argmax(axis=1)
print(accuracy_of(answers, labels), metrics.wilson_interval(int((answers == labels).sum()), len(labels)))
print("baseline", accuracy_of(nearest(images), labels))
# ## Calibration
metrics.reliability_bins(softmax(models[chosen].predict(images)), labels)
