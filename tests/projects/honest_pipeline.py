# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
# ## Data
@dataclass
class Part:
    pictures: np.ndarray
    labels: np.ndarray
    def half(self):
        return Part(self.pictures[::2], self.labels[::2])
data = load()
train = Part(data.train_images.reshape(60_000, -1), data.train_labels)
test = Part(data.test_images.reshape(10_000, -1), data.test_labels)
# ## Baseline
rival = make_pipeline(StandardScaler(), NearestCentroid()).fit(train.pictures, train.labels)
# ## Model
def model_for(part):
    grid = {"svc__C": [0.1, 1, 10]}
    search = GridSearchCV(make_pipeline(StandardScaler(), SVC(random_state=0)), grid, cv=5)
    return search.fit(part.pictures, part.labels).best_estimator_
full, half = model_for(train), model_for(train.half())
# ## Honest evaluation
wins = (full.predict(test.pictures) == test.labels).astype(int) - (half.predict(test.pictures) == test.labels)
resampled = np.random.default_rng(0).choice(wins, size=(1000, len(wins))).mean(axis=1)
low, high = np.percentile(resampled, (2.5, 97.5))
if low > 0:
    answer = "more pictures help"
else:
    answer = "no difference was found"
print(answer, low, high, "rival", rival.score(test.pictures, test.labels))
# ## Calibration
display = CalibrationDisplay.from_predictions(test.labels == 6, full.decision_function(test.pictures)[:, 6])
