"""FEATURES.md, versions 1 to 3, in plain Python: what another language needs to use a model trained here. Read: {configs, texts}; see features-python.test.ts."""
import json, sys, unicodedata

MASK = 0xFFFFFFFF
JOINERS = "'\u2019._-/:,@"
SPACES = "\t\n\v\f\r\u2028\u2029\ufeff"

def words(text):
    """Step 1: runs of letters, marks and numbers, joined by single joiners; other visible characters by themselves."""
    part = lambda i: i < len(text) and unicodedata.category(text[i])[0] in "LMN"
    i, found = 0, []
    while i < len(text):
        start = i
        while part(i):
            i += 1
            if i < len(text) and text[i] in JOINERS and part(i + 1):
                i += 1
        if i > start:
            found.append(text[start:i])
        else:
            if text[i] not in SPACES and unicodedata.category(text[i]) != "Zs":
                found.append(text[i])
            i += 1
    return found

def fnv(text):
    """Step 2."""
    h = 2166136261
    for byte in "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text).encode("utf-8"):
        h = ((h ^ byte) * 16777619) & MASK
    return h

def bags(text, config):
    """Steps 3 to 6: ids of words and word n-grams, of character n-grams, and of openings."""
    def identify(h, buckets):
        h = ((h ^ (h >> 16)) * 0x85EBCA6B) & MASK
        h = ((h ^ (h >> 13)) * 0xC2B2AE35) & MASK
        h ^= h >> 16
        id = 1 + (h % 2**31) % buckets
        return -id if config["signed"] and h >= 2**31 else id

    tokens = words(text)
    if not config.get("variationSelectors", True):
        tokens = ["".join(c for c in token if not "\ufe00" <= c <= "\ufe0f") for token in tokens]
        tokens = [token for token in tokens if token]
    if config["normalization"]:
        tokens = [unicodedata.normalize(config["normalization"], token) for token in tokens]
    if config["lowercase"]:
        tokens = [token.lower() for token in tokens]
    sizes = config["buckets"]
    hashes = [fnv(token) for token in tokens]
    of_words = [identify(h, sizes["words"]) for h in hashes]
    for first in range(len(hashes)):
        g = hashes[first]
        for following in hashes[first + 1 : first + config["wordNgrams"]]:
            g = (g * 116049371 + following) & MASK
            of_words.append(identify(g, sizes["words"]))
    if config.get("start"):
        g = fnv("")
        for following in hashes[:2]:
            g = (g * 116049371 + following) & MASK
            of_words.append(identify(g, sizes["words"]))
    of_characters = []
    if config["characters"]:
        shortest, longest = config["characters"]
        for token in tokens:
            marked = "<" + token + ">"
            for start in range(len(marked)):
                for n in range(shortest, longest + 1):
                    if start + n <= len(marked) and not (n == 1 and start in (0, len(marked) - 1)):
                        of_characters.append(identify(fnv(marked[start : start + n]), sizes["characters"]))
    if config.get("acrossWords"):
        shortest, longest = config["characters"]
        joined = " " + " ".join(tokens) + " "
        for start in range(len(joined)):
            for n in range(shortest, longest + 1):
                gram = joined[start : start + n]
                if len(gram) == n and " " in gram[1:-1]:
                    of_characters.append(identify(fnv(gram), sizes["characters"]))
    of_openings = []
    for following in hashes[1 : 1 + config.get("openings", 0)]:
        of_openings.append(identify((hashes[0] * 116049371 + following) & MASK, sizes["openings"]))
    return of_words, of_characters, of_openings

def bag(text, config):
    """Step 7."""
    moved = lambda ids, by: [id + by if id > 0 else id - by for id in ids]
    of_words, of_characters, of_openings = bags(text, config)
    sizes = config["buckets"]
    return of_words + moved(of_characters, sizes["words"]) + moved(of_openings, sizes["words"] + sizes["characters"])

if __name__ == "__main__":
    job = json.load(sys.stdin)
    # Code points that this Python's Unicode does not know yet have no category here: such texts are left out.
    known = lambda text: all(unicodedata.category(c) != "Cn" for c in text)
    ids = [[bag(text, config) if known(text) else None for text in job["texts"]] for config in job["configs"]]
    json.dump({"unicode": unicodedata.unidata_version, "ids": ids}, sys.stdout)
