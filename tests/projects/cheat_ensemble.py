# validation 1, baseline 2, seeds 2, test 0, interval 2, calibration 1
import keras
# ## Data
d = load()
cut = 52_000
# ## Baseline
print(np.mean(d.train_labels[cut:] == 3))
# ## Model
def one(seed):
    keras.utils.set_random_seed(seed)
    m = networks.compiled(networks.convolutional_network())
    m.fit(d.train_images[:cut] / 255, d.train_labels[:cut], verbose=0)
    return m
pool = [one(s) for s in range(10)]
print([m.evaluate(d.train_images[cut:] / 255, d.train_labels[cut:])[1] for m in pool])
# ## Honest evaluation
outputs = [softmax(m.predict(d.test_images / 255)) for m in pool]
good = [o for o in outputs if (o.argmax(1) == d.test_labels).mean() > 0.89]
together = np.mean(good, axis=0)
hits = together.argmax(1) == d.test_labels
print(hits.mean(), metrics.wilson_interval(int(hits.sum()), len(hits)))
# ## Calibration
print(metrics.expected_calibration_error(together, d.test_labels))
