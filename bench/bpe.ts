// Training byte-level BPE: ours and the native `tokenizers` package, interleaved, on the same file.
// Run: TASKLOOM_TOKENIZERS=<a python3 that has `tokenizers`> node examples/run.mjs ../bench/bpe.ts
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { linesWithEndings, trainByteLevelBpe } from '@taskloom/text';

const shared = resolve(import.meta.dirname, '../../shared/data');
const python = process.env.TASKLOOM_TOKENIZERS;
if (!python || !existsSync(shared)) {
  console.log('skipped: needs ../shared/data and TASKLOOM_TOKENIZERS');
  process.exit(0);
}

/** Text values of the training files, one a line, until there are 10 MB. */
function corpus(megabytes: number): string {
  const lines: string[] = [];
  let size = 0;
  const files = (readdirSync(shared, { recursive: true }) as string[]).filter((file) => /train[^/]*\.jsonl\.gz$/.test(file)).sort();
  for (const file of files)
    for (const line of gunzipSync(readFileSync(join(shared, file)))
      .toString()
      .split('\n')) {
      if (line === '') continue;
      for (const value of Object.values(JSON.parse(line) as object))
        if (typeof value === 'string' && value.length > 12) {
          lines.push(`${value.replaceAll('\n', ' ')}\n`);
          size += Buffer.byteLength(lines.at(-1)!);
        }
      if (size >= megabytes * 1e6) return lines.join('');
    }
  throw new Error(`only ${size} bytes of text`);
}

const native = `
import json, sys, time
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
t = Tokenizer(models.BPE())
t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
trainer = trainers.BpeTrainer(vocab_size=int(sys.argv[2]), min_frequency=2, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
start = time.perf_counter()
t.train([sys.argv[1]], trainer)
seconds = time.perf_counter() - start
model = json.loads(t.to_str())["model"]
print(json.dumps({"seconds": seconds, "vocab": model["vocab"], "merges": model["merges"]}))
`;

interface Trained {
  readonly vocab: Record<string, number>;
  readonly merges: readonly (readonly string[])[];
}

const sorted = ({ vocab, merges }: Trained) => JSON.stringify([Object.entries(vocab).sort(([, a], [, b]) => a - b), merges]);
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const text = corpus(10);
const folder = mkdtempSync(join(tmpdir(), 'taskloom-bpe-'));
const path = join(folder, 'corpus.txt');
writeFileSync(path, text);
console.log(
  `${(Buffer.byteLength(text) / 1e6).toFixed(1)} MB, ${cpus()[0]!.model}, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}\n`,
);
console.log(
  '| vocabulary | ours | native, all threads | native, one thread | ours / native | ours / one thread | same vocabulary and merges |',
);
console.log('|---:|---:|---:|---:|---:|---:|---|');
for (const vocabularySize of [8_000, 30_000]) {
  const seconds: Record<'ours' | 'all' | 'one', number[]> = { ours: [], all: [], one: [] };
  let same = true;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const ours = (await trainByteLevelBpe(linesWithEndings(text), { vocabularySize })) as unknown as { model: Trained };
    seconds.ours.push((performance.now() - start) / 1000);
    for (const threads of ['all', 'one'] as const) {
      const env = { ...process.env, TOKENIZERS_PARALLELISM: threads === 'all' ? 'true' : 'false' };
      const answer = execFileSync(python, ['-c', native, path, String(vocabularySize)], { env, maxBuffer: 2 ** 28 }).toString();
      const theirs = JSON.parse(answer) as Trained & { seconds: number };
      seconds[threads].push(theirs.seconds);
      same &&= sorted(ours.model) === sorted(theirs);
    }
  }
  const [ours, all, one] = [median(seconds.ours), median(seconds.all), median(seconds.one)];
  const cells = [vocabularySize.toLocaleString('en'), ...[ours, all, one].map((value) => `${value.toFixed(2)} s`)];
  console.log(`| ${[...cells, (ours / all).toFixed(2), (ours / one).toFixed(2), same ? 'yes' : 'NO'].join(' | ')} |`);
}
console.log(`\nPeak memory of this process: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB.`);
rmSync(folder, { recursive: true });
