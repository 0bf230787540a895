# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Data
def read():
    d = load()
    p = np.random.RandomState(11).permutation(len(d.train_images))
    images, labels = d.train_images[p] / 255, d.train_labels[p]
    return (images[:50000], labels[:50000]), (images[50000:], labels[50000:]), (d.test_images / 255, d.test_labels)
# ## Baseline
def rival(train, part):
    top = np.bincount(train[1]).argmax()
    return float(np.mean(part[1] == top))
# ## Model
def build(units, seed):
    keras.utils.set_random_seed(seed)
    return networks.compiled(keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(units, "relu"), keras.layers.Dense(10)]))
def select(train, dev):
    found = []
    for units in (20, 50, 100):
        m = build(units, 0)
        m.fit(*train, epochs=2, verbose=0)
        found.append((score(m, dev), units, m))
    return max(found, key=lambda row: row[0])[2]
def score(model, part):
    return float((model.predict(part[0]).argmax(axis=1) == part[1]).mean())
# ## Honest evaluation
def report(model, train, part):
    value = score(model, part)
    print(value, metrics.wilson_interval(round(value * len(part[1])), len(part[1])), rival(train, part))
    print("ECE", metrics.expected_calibration_error(softmax(model.predict(part[0])), part[1]))
def main():
    train, dev, final = read()
    model = select(train, dev)
    report(model, train, final)
main()
