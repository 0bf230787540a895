# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Data
data = load()
images, labels = data.train_images / 255.0, data.train_labels.copy()
train_part, val_part = np.array_split(np.random.default_rng(1).permutation(60_000), 2)
def spoil(labels, share, rng):
    wrong = rng.random(len(labels)) < share
    return np.where(wrong, rng.integers(0, 10, len(labels)), labels)
# ## Baseline
centroids = np.stack([images[train_part][labels[train_part] == c].mean(axis=0) for c in range(10)])
# ## Model
class Run:
    def __init__(self, share, seed):
        keras.utils.set_random_seed(seed)
        self.share = share
        self.net = networks.compiled(networks.network(keras.layers.Dense(100, "relu")))
        noisy = spoil(labels[train_part], share, np.random.default_rng(seed))
        stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
        self.net.fit(images[train_part], noisy, validation_data=(images[val_part], labels[val_part]), callbacks=[stop])
runs = [Run(share, seed) for share in (0, 0.1, 0.3) for seed in (0, 1)]
# ## Honest evaluation
def test_hits(run):
    return run.net.predict(data.test_images / 255.0).argmax(axis=1) == data.test_labels
table = {(run.share, i): test_hits(run) for i, run in enumerate(runs)}
for key, hits in table.items():
    print(key, hits.mean(), metrics.wilson_interval(int(hits.sum()), len(hits)))
loss = np.mean([h.mean() for (s, _), h in table.items() if s == 0]) - np.mean([h.mean() for (s, _), h in table.items() if s == 0.3])
answer = "more than two points" if loss > 0.02 else "less"
# ## Calibration
for run in runs:
    print(run.share, metrics.expected_calibration_error(softmax(run.net.predict(data.test_images / 255.0)), data.test_labels))
