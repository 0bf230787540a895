# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
# ## Data
data = load()
to_rows = lambda x: x.reshape(len(x), 784)
X_train, X_valid, y_train, y_valid = train_test_split(
    to_rows(data.train_images), data.train_labels, test_size=10_000, random_state=0, stratify=data.train_labels
)
X_test, y_test = to_rows(data.test_images), data.test_labels
scaler = StandardScaler().fit(X_train)
X_train, X_valid, X_test = map(scaler.transform, (X_train, X_valid, X_test))
# ## Baseline
dummy = DummyClassifier(strategy="most_frequent").fit(X_train, y_train)
print(dummy.score(X_valid, y_valid))
# ## Model
candidates = {C: LogisticRegression(C=C, max_iter=50, random_state=0) for C in (0.01, 0.1, 1)}
for clf in candidates.values():
    clf.fit(X_train, y_train)
best_C = max(candidates, key=lambda C: candidates[C].score(X_valid, y_valid))
clf = candidates[best_C]
# ## Honest evaluation
print(classification_report(y_test, clf.predict(X_test)), dummy.score(X_test, y_test))
k, n = int((clf.predict(X_test) == y_test).sum()), len(y_test)
low, high = proportion_confint(k, n, method="wilson")
# ## Calibration
P = clf.predict_proba(X_test)
frac, mean = calibration_curve(y_test == P.argmax(1), P.max(1), n_bins=10)
