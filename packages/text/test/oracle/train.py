"""Trains byte-level BPE by the native `tokenizers` package, for test/oracle/bpe.json. Read: [{options, text, probes}]; see train-byte-level-bpe.test.ts."""
import json, sys, tempfile
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

results = []
for job in json.load(sys.stdin):
    options = job["options"]
    tokenizer = Tokenizer(models.BPE())
    if options.get("normalization"):
        tokenizer.normalizer = getattr(normalizers, options["normalization"])()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=options.get("addPrefixSpace", False))
    tokenizer.decoder = decoders.ByteLevel()
    limits = {"max_token_length": options["maximumTokenLength"]} if "maximumTokenLength" in options else {}
    trainer = trainers.BpeTrainer(
        vocab_size=options.get("vocabularySize", 30000),
        min_frequency=options.get("minimumFrequency", 2),
        special_tokens=options.get("specialTokens", []),
        initial_alphabet=[] if options.get("alphabet") == "seen" else pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        **limits,
    )
    with tempfile.NamedTemporaryFile("wb") as file:
        file.write(job["text"].encode("utf-8"))
        file.flush()
        tokenizer.train([file.name], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocab = sorted(model["vocab"], key=model["vocab"].get)
    results.append({"vocab": vocab, "merges": model["merges"], "ids": [tokenizer.encode(probe).ids for probe in job["probes"]]})
json.dump(results, sys.stdout)
