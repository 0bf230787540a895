# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
# ## Data
raw = load()
flatten = lambda z: np.reshape(z, (z.shape[0], -1))
Xa, Xb, ya, yb = train_test_split(flatten(raw.train_images), raw.train_labels, random_state=1, test_size=0.2)
pca = PCA(50, random_state=0).fit(Xa)
Za, Zb, Zt = pca.transform(Xa), pca.transform(Xb), pca.transform(flatten(raw.test_images))
# ## Baseline
nc = NearestCentroid().fit(Za, ya)
print(accuracy_score(yb, nc.predict(Zb)))
# ## Model
trials = pd.DataFrame([{"depth": d, "leaf": l} for d in (5, 10, 20) for l in (1, 5)])
trials["clf"] = [RandomForestClassifier(max_depth=t.depth, min_samples_leaf=t.leaf, random_state=0).fit(Za, ya) for t in trials.itertuples()]
trials["val_acc"] = trials.clf.apply(lambda c: c.score(Zb, yb))
best = trials.sort_values("val_acc").iloc[-1].clf
# ## Honest evaluation
yhat = best.predict(Zt)
cm = confusion_matrix(raw.test_labels, yhat)
recalls = cm.diagonal() / cm.sum(axis=1)
print("hardest", CLASS_NAMES[recalls.argmin()], "easiest", CLASS_NAMES[recalls.argmax()])
hit = yhat == raw.test_labels
print(hit.mean(), proportion_confint(hit.sum(), len(hit)), accuracy_score(raw.test_labels, nc.predict(Zt)))
# ## Calibration
prob = best.predict_proba(Zt).max(axis=1)
print(brier_score_loss(hit, prob))
