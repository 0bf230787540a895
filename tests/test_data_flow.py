"""What `follow` sees in short pieces of code. Whole projects are graded in test_project.py."""

import ast

import pytest

from helpers.data_flow import follow

START = """
x, y = data.train_images, data.train_labels
test_x, test_y = data.test_images, data.test_labels
net.fit(x, y)
"""
NETS = """
nets = []
for units in (8, 16):
    net = build(units)
    net.fit(x, y)
    nets.append(net)
def score(net):
    return (net.predict(test_x).argmax(1) == test_y).mean()
"""


def kinds(source):
    return {event.kind for event in follow([(1, ast.parse(START + source))])}


CHOICES = {
    "loop": "best = 0\nfor net in nets:\n    s = score(net)\n    if s > best:\n        best = s",
    "loop over places": "for i in range(2):\n    if score(nets[i]) > best:\n        best = i",
    "items": "for k, net in dict(enumerate(nets)).items():\n    best = max(best, score(net))",
    "key": "best = max(nets, key=score)",
    "key as a lambda": "best = min(nets, key=lambda net: -score(net))",
    "comprehension": "best = np.argmax([score(net) for net in nets])",
    "dictionary": "d = {n: score(n) for n in nets}\nbest = max(d, key=d.get)",
    "filled dictionary": "d = {}\nfor n in nets:\n    d[n] = score(n)\nbest = max(d, key=d.get)",
    "sorted": "best = sorted((score(net), i) for i, net in enumerate(nets))[-1]",
    "sorted in place": "s = [(score(net), net) for net in nets]\ns.sort()\nbest = s[0]",
    "table": "t = pd.DataFrame({'s': [score(n) for n in nets]})\nbest = t.sort_values('s').iloc[0]",
    "mean by setting": "s = np.array([score(n) for n in nets])\nbest = s.mean(axis=1).argmax()",
    "map": "best = np.argmax(list(map(score, nets)))",
    "generator": "def all():\n    for n in nets:\n        yield score(n)\nbest = max(all())",
    "appended": "s = []\nfor n in nets:\n    s.append(score(n))\nbest = np.argmax(s)",
    "filtered": "good = [net for net in nets if score(net) > 0.9]",
    "groups": "t = pd.DataFrame({'s': [score(n) for n in nets]})\n"
    "best = t.groupby('units')['s'].mean().idxmax()",
    "highest": "best = max([score(net) for net in nets])",
    "stops": "while score(net) < 0.9:\n    net.fit(x, y)",
    "neighbours": "def e(k):\n    return np.mean(y[d(x, test_x).argsort()[:, :k]] != test_y)\n"
    "best = np.argmin([e(k) for k in (1, 3, 5)])",
    "threshold": "p = net.predict(test_x)\nfor t in ts:\n"
    "    if (p.argmax(1) == test_y)[p.max(1) > t].mean() > 0.95:\n        best = t",
    "method": "class A:\n    def __init__(self):\n        self.x = test_x\n    def s(self, n):\n"
    "        return n.evaluate(self.x, test_y)\na = A()\nbest = max(nets, key=a.s)",
}


@pytest.mark.parametrize("name", CHOICES)
def test_choice_by_test_score(name):
    assert "chooses" in kinds(NETS + CHOICES[name])


@pytest.mark.parametrize("name", CHOICES)
def test_choice_by_validation_score(name):
    validation = "test_x, test_y = x[50_000:], y[50_000:]\n"
    assert not kinds(validation + NETS + CHOICES[name]) & {"chooses", "tests"}


NO_CHOICES = {
    "all shown": "for net in nets:\n    print(score(net))",
    "shown if good": "for net in nets:\n    if score(net) > 0.9:\n        print('good')",
    "range": "s = [score(net) for net in nets]\nprint(f'{min(s)} to {max(s)}')",
    "mean of the seeds": "s = [score(net) for net in nets]\nif np.mean(s) > 0.9:\n    a = 'yes'",
    "verdict": "a = 'yes' if score(net) > 0.9 else 'no'\nif score(net) > 0.9:\n    a = 'yes'",
    "after the loop": "for net in nets:\n    s = score(net)\nif s > 0.9:\n    a = 'yes'",
    "worst class": "p = net.predict(test_x).argmax(1)\n"
    "worst = min(range(10), key=lambda c: (p[test_y == c] == c).mean())",
    "worst class of each": "for n in nets:\n"
    "    worst = confusion_matrix(test_y, n.predict(test_x)).diagonal().argmin()",
    "worst class of one": "t = pd.DataFrame({'n': nets, 'v': [n.score(x, y) for n in nets]})\n"
    "n = t.sort_values('v').iloc[-1].n\n"
    "worst = confusion_matrix(test_y, n.predict(test_x)).diagonal().argmin()",
    "by name": "for name, s in {i: score(n) for i, n in enumerate(nets)}.items():\n"
    "    if name == 0:\n        first = s",
    "largest gap": "p, gaps = net.predict(test_x), []\nfor low in bins:\n"
    "    gaps.append((p.argmax(1) == test_y)[p.max(1) > low].mean() - low)\nworst = max(gaps)",
    "mistakes": "p = net.predict(test_x)\nw = p.argmax(1) != test_y\nw[np.argsort(p.max(1))[:5]]",
    "shown in order": "for s in sorted(score(net) for net in nets):\n    print(s)",
}


@pytest.mark.parametrize("name", NO_CHOICES)
def test_no_choice(name):
    found = kinds(NETS + NO_CHOICES[name])
    assert "tests" in found
    assert "chooses" not in found


FITS = {
    "validation_data": "net.fit(x, y, validation_data=(test_x, test_y))",
    "unpacked": "both = test_x, test_y\nnet.fit(*both)",
    "pooled": "net.fit(np.concatenate([x, test_x]), np.concatenate([y, test_y]))",
    "temperature": "fit_temperature(net.predict(test_x), test_y)",
    "threshold": "p = net.predict(test_x)\nthreshold_for(p.max(1), p.argmax(1) == test_y, 0.05)",
    "optimiser": "minimize(lambda t: nll(net.predict(test_x) / t, test_y), 1.0)",
    "callback": "class C(Callback):\n    def on_epoch_end(self, epoch):\n"
    "        self.s = self.model.evaluate(test_x, test_y)\nnet.fit(x, y, callbacks=[C()])",
}


@pytest.mark.parametrize("name", FITS)
def test_fit_to_test_labels(name):
    assert "fits" in kinds(FITS[name])


NO_USES = {
    "prepared": "test_x = test_x.reshape(-1, 784) / 255",
    "scaled by the training": "test_x = (test_x - x.mean()) / x.std()",
    "scaler": "s = StandardScaler().fit(x)\ntest_x = s.transform(test_x)",
    "copies": "seen = {p.tobytes() for p in x}\nn = sum(p.tobytes() in seen for p in test_x)",
    "shapes": "net.predict(np.zeros(test_x.shape)), len(test_x)",
    "classes": "some = np.isin(test_y, [0, 6])\ntest_x = test_x[some]",
    "majority": "print((test_y == np.bincount(y).argmax()).mean())",
    "one of two": "x, test_x = [scaled(part) for part in (x, test_x)]\nnet.predict(x)",
    "unpacked": "def f(a, b):\n    return net.predict(a)\nf(*(x, test_x))",
    "mapped": "x, test_x = map(scaled, (x, test_x))\nnet.predict(x)",
    "dictionary": "parts = {'a': x, 'b': test_x}\nnet.predict(parts['a'])",
    "returned": "def f():\n    return x, test_x\nnet.predict(f()[0])",
    "parameter": "def f(test_x):\n    return net.predict(test_x)\nf(x)",
    "data class": "class P:\n    a: object\n    b: object\nnet.predict(P(x, test_x).a)",
}


@pytest.mark.parametrize("name", NO_USES)
def test_preparing_is_no_use(name):
    assert not kinds(NO_USES[name]) & {"tests", "fits", "chooses"}


USES = {
    "default": "def f(pictures=test_x):\n    return net.predict(pictures)\nf()",
    "any number": "def f(*pictures):\n    return net.predict(pictures[0])\nf(test_x)",
    "attribute": "class A:\n    pass\na = A()\na.x = test_x\nnet.predict(a.x)",
    "table": "shelves = shelf_of[test_y]\naccuracy(shelves, net.predict(z))",
    "f-string": "print(f'{net.predict(test_x)}')",
    "else": "if z:\n    pass\nelse:\n    net.predict(test_x)",
    "with": "with no_grad() as g, wrapped(test_x) as w:\n    net.predict(w)",
    "try": "try:\n    net.predict(test_x)\nexcept ValueError:\n    pass",
    "torch": "opt = Adam(m.parameters())\nm(test_x)",
    "by hand": "for _ in range(9):\n    w -= rate * gradient(x, y, w)\ntest_x @ w",
    "keras": "(a, b), (c, d) = load_data()\nnet.evaluate(c, d)",
    "own file": "own = np.load('own.npz')\nnet.predict(own['test_images'])",
    "own name": "x_test = np.load('pictures.npy')\nnet.predict(x_test)",
}


@pytest.mark.parametrize("name", USES)
def test_use(name):
    assert "tests" in kinds(USES[name])


SPLITS = {
    "slices": "net.fit(x[:50_000], y[:50_000])\nnet.evaluate(x[50_000:], y[50_000:])",
    "order": "rows = permutation(60_000)\na, b = x[rows[:9]], x[rows[9:]]",
    "np.split": "a, b = np.split(x, [50_000])",
    "mask": "few = random(60_000) < 0.1\na, b = x[few], x[~few]",
    "slice object": "rows = slice(50_000, None)\na = x[rows]",
    "scikit-learn": "a, b, c, d = train_test_split(x, y)",
    "keras": "net.fit(x, y, validation_split=0.1)",
    "tf.data": "a = from_tensor_slices((x, y)).skip(9)",
    "cross-validation": "GridSearchCV(model, grid).fit(x, y)",
}


@pytest.mark.parametrize("name", SPLITS)
def test_split_of_the_training_pictures(name):
    assert "splits" in kinds(SPLITS[name])


@pytest.mark.parametrize("name", SPLITS)
def test_split_of_the_test_pictures(name):
    assert "splits" not in kinds("x, y = test_x, test_y\n" + SPLITS[name])


@pytest.mark.parametrize(
    "source", ["few = x[:1000]", "one = x[0]", "sock = x[y == 5]", "same = x[()]"]
)
def test_a_few_pictures_are_no_split(source):
    assert "splits" not in kinds(source)


@pytest.mark.parametrize(
    "source", ["np.mean(test_y == 0)", "np.bincount(y).argmax()", "Counter(y).most_common(1)"]
)
def test_simplest_answer(source):
    assert "guesses" in kinds(source)
    assert "guesses" not in kinds("net.predict(x).max()\nfor c in z:\n    print(test_y == c)")


def test_loops_of_one_cell_are_told_apart():
    source = "for a in z:\n    net.fit(x, y)\nfor b in z:\n    net.predict(test_x)"
    loops = {e.kind: e.loop for e in follow([(1, ast.parse(START + source))])}
    assert 0 < loops["trains"] < loops["tests"]


def test_inner_loop_belongs_to_the_outer():
    source = "for a in z:\n    net.predict(test_x)\n    for b in z:\n        net.fit(x, y)"
    assert len({e.loop for e in follow([(1, ast.parse(START + source))])}) == 2  # START has none


def test_code_after_an_endless_recursion_is_seen():
    assert "tests" in kinds("def f(n):\n    return f(n - 1) + f(n - 2)\nf(9)\nnet.predict(test_x)")


@pytest.mark.slow
def test_many_nested_loops_end():
    loops = "".join(" " * i + "for a in z:\n" for i in range(30))
    assert "trains" in kinds(loops + " " * 30 + "net.predict(z)")
