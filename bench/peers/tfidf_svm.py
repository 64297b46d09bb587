"""TF-IDF (words 1-2, characters 2-5) and a linear SVM, one model a task, beside the predictions that bench/intents.ts --out wrote.
Run: python3 bench/peers/tfidf_svm.py <data folder> <predictions folder>   (needs scikit-learn)"""
import glob, gzip, json, sys, time
import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

data, ours = sys.argv[1:3]

def rows(name):
    with gzip.open(f"{data}/{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]

FILES = {
    "clinc150": (["clinc150/train", "clinc150/oos_train"], ["clinc150/test", "clinc150/oos_test"]),
    "banking77": (["banking77/train"], ["banking77/test"]),
    "snips": (["snips/train"], ["snips/test"]),
    "trec": (["trec/train"], ["trec/test"]),
}
text = lambda row: row["text"] if "text" in row else " ".join(row["tokens"])
seeds = [json.load(open(file)) for file in sorted(glob.glob(f"{ours}/seed-*.json"))]
correct = {}
for task, (train, test) in FILES.items():
    began = time.time()
    training, testing = ([row for name in names for row in rows(name)] for names in (train, test))
    views = [
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]"),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    ]
    x = hstack([view.fit_transform(map(text, training)) for view in views]).tocsr()
    z = hstack([view.transform(map(text, testing)) for view in views]).tocsr()
    predicted = LinearSVC(C=1.0).fit(x, [row["label"] for row in training]).predict(z)
    target = np.array([row["label"] for row in testing])
    for seed in seeds:
        labels = seed[task]["labels"]
        assert [labels[i] for i in seed[task]["target"]] == target.tolist(), f"{task}: the rows are others"
    kept = target != "oos"
    mine = np.mean([np.equal(seed[task]["predicted"], seed[task]["target"]) for seed in seeds], axis=0)
    correct[task] = mine[kept], (predicted == target)[kept].astype(float)
    print(f"{task}: ours {100 * mine[kept].mean():.2f}, peer {100 * correct[task][1].mean():.2f}, {kept.sum()} rows, peer took {time.time() - began:.0f} s", flush=True)
    if not kept.all():
        print(f"  out-of-scope recall: ours {100 * mine[~kept].mean():.1f}, peer {100 * (predicted == target)[~kept].mean():.1f}")

# Rows are drawn within each task; a row's score is the mean over our seeds.
random = np.random.default_rng(1)
differences = np.zeros(10_000)
for mine, peer in correct.values():
    gap = mine - peer
    differences += np.array([gap[random.integers(len(gap), size=len(gap))].mean() for _ in differences]) / len(correct)
means = [np.mean([pair[i].mean() for pair in correct.values()]) for i in (0, 1)]
low, high = np.percentile(differences, [2.5, 97.5])
print(f"mean of the four: ours {100 * means[0]:.2f}, peer {100 * means[1]:.2f}; difference {100 * low:.2f} … {100 * high:.2f} (95 %), one-sided p {np.mean(differences <= 0):.4f}")
