"""Ids and offsets of the native `tokenizers` package, for test/oracle/offsets.json.gz. Read: {configs: {name: tokenizer.json}, texts, pairs}; see offsets.test.ts."""
import json, sys
from tokenizers import Tokenizer

job = json.load(sys.stdin)

def units(text):
    """UTF-16 offset of each code point."""
    at, out = 0, []
    for char in text:
        out.append(at)
        at += 2 if ord(char) > 0xFFFF else 1
    return out + [at]

def rows(encoding, texts):
    out = []
    for id, (start, end), sequence in zip(encoding.ids, encoding.offsets, encoding.sequence_ids):
        table = units(texts[sequence or 0])
        out += [id, table[start], table[end]]
    return out

result = {}
for name, config in job["configs"].items():
    tokenizer = Tokenizer.from_str(json.dumps(config))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    result[name] = {
        "texts": [rows(tokenizer.encode(text), [text]) for text in job["texts"]],
        "pairs": [rows(tokenizer.encode(a, b), [a, b]) for a, b in job["pairs"]],
        "plain": [rows(tokenizer.encode(text, add_special_tokens=False), [text]) for text in job["texts"][:20]],
    }
json.dump(result, sys.stdout)
