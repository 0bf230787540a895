# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
# ## Data
class Softmax:
    def __init__(self, rate, rng):
        self.rate, self.rng = rate, rng
        self.w, self.b = np.zeros((784, 10)), np.zeros(10)
    def scores(self, x):
        return x @ self.w + self.b
    def epoch(self, x, y):
        for rows in minibatches(len(x), 100, self.rng):
            loss, dw, db = loss_and_gradients(x[rows], y[rows], self.w, self.b)
            self.w -= self.rate * dw
            self.b -= self.rate * db
    def right(self, x, y):
        return self.scores(x).argmax(axis=1) == y
data = load()
x, y = scale_pixels(data.train_images), data.train_labels
order = np.random.default_rng(8).permutation(len(x))
a, b = order[6000:], order[:6000]
# ## Baseline
baseline = majority_accuracy(y[a], y[b])
# ## Model
best, patience, model = 0.0, 3, Softmax(0.1, np.random.default_rng(0))
while patience:
    model.epoch(x[a], y[a])
    now = model.right(x[b], y[b]).mean()
    if now > best:
        best, patience, kept = now, 3, (model.w.copy(), model.b.copy())
    else:
        patience -= 1
model.w, model.b = kept
# ## Honest evaluation
hits = model.right(scale_pixels(data.test_images), data.test_labels)
verdict = "yes" if hits.mean() > 0.84 else "no"
print(verdict, metrics.wilson_interval(int(hits.sum()), len(hits)), majority_accuracy(y[a], data.test_labels))
# ## Calibration
metrics.brier_score(softmax(model.scores(scale_pixels(data.test_images))), data.test_labels)
