# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Data
class Experiment:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        data = load()
        picked = self.rng.permutation(len(data.train_images))
        self.x, self.y = data.train_images[picked[10_000:]] / 255, data.train_labels[picked[10_000:]]
        self.xv, self.yv = data.train_images[picked[:10_000]] / 255, data.train_labels[picked[:10_000]]
        self.xt, self.yt = data.test_images / 255, data.test_labels
    def majority(self):
        return np.bincount(self.y).argmax()
    def train(self, rate):
        keras.utils.set_random_seed(0)
        self.model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
        self.model.compile(keras.optimizers.SGD(rate), loss=cross_entropy)
        self.model.fit(self.x, self.y, epochs=3)
        return (self.model.predict(self.xv).argmax(1) == self.yv).mean()
    def final(self):
        return self.model.predict(self.xt).argmax(1) == self.yt
experiment = Experiment(0)
# ## Baseline
print((experiment.yv == experiment.majority()).mean())
# ## Model
rates = [0.01, 0.1, 0.3]
results = [experiment.train(rate) for rate in rates]
experiment.train(rates[int(np.argmax(results))])
# ## Honest evaluation
hits = experiment.final()
boot = [np.random.default_rng(i).choice(hits, len(hits)).mean() for i in range(1000)]
print(hits.mean(), np.percentile(boot, [2.5, 97.5]))
# ## Calibration
probabilities = softmax(experiment.model.predict(experiment.xt))
metrics.brier_score(probabilities, experiment.yt)
