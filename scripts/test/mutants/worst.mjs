// What chance does not find: files made by hand so that a careless reader needs for ever, or all memory, or writes where it must not. Name → how to make the file (or run folder), by format.
import { signed } from './run-folder.mjs';

const encode = (text) => new TextEncoder().encode(text);
const nested = (depth, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth);
const rows = (count, row) => encode(Array.from({ length: count }, (_, i) => row(i)).join('\n'));

function header(json, length, data = 0) {
  const text = encode(typeof json === 'string' ? json : JSON.stringify(json));
  const out = new Uint8Array(8 + text.length + data);
  new DataView(out.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  out.set(text, 8);
  return out;
}

const tensor = (shape, end) => ({ dtype: 'F32', shape, data_offsets: [0, end] });

const safetensors = () => ({
  'a header of 2⁶³ − 1 bytes': () => header('{}', 2n ** 63n - 1n),
  'a header of 1 TB': () => header('{}', 2n ** 40n),
  'a shape of 10¹⁸ elements': () => header({ a: tensor([1e9, 1e9], 4e18) }),
  'a shape whose product overflows': () => header({ a: tensor([2 ** 32, 2 ** 32, 0], 0) }),
  'a shape of 100,000 dimensions': () => header({ a: tensor(new Array(100_000).fill(1), 4) }, undefined, 4),
  '100,000 empty arrays': () => header(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`t${i}`, tensor([0], 0)]))),
  'lists a million deep': () => header(`{"a":${nested(1e6)}}`),
  'objects a million deep': () => header(nested(1e6, '{"a":', '}')),
  'a name of 5 MB': () => header(`{"${'a'.repeat(5e6)}":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, undefined, 4),
});

const jsonl = () => ({
  'lists a million deep': () => encode(nested(1e6)),
  'objects a million deep in a row': () => encode(nested(1e6, '{"a":', '1}')),
  'a text of 10 MB': () => encode(JSON.stringify({ text: 'a '.repeat(5e6) })),
  '100,000 names in a row': () => encode(JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i])))),
  '200,000 bad rows': () => rows(200_000, () => '{'),
  'a million empty lines': () => rows(1e6, () => ''),
});

const csv = () => ({
  'a quote that never closes': () => encode(`text,label\n"${'a,b\n'.repeat(1e6)}`),
  'a million quotes': () => encode(`text,label\n${'"'.repeat(1e6)}`),
  '100,000 columns': () => encode(`${Array.from({ length: 100_000 }, (_, i) => `c${i}`).join()}\n${','.repeat(99_999)}`),
  '200,000 rows of too many cells': () => rows(200_000, (i) => (i ? '1,2,3' : 'text,label')),
  'a million separators': () => encode(`text,label\n${','.repeat(1e6)}`),
});

const conll = () => ({
  'a sentence of 200,000 tokens': () => rows(200_000, () => 'a B-x'),
  'a token of 5 MB': () => encode(`${'a'.repeat(5e6)} B-x\n`),
  'a line of a million columns': () => encode(`${'a '.repeat(1e6)}\n`),
  '200,000 bad tags': () => rows(200_000, () => 'a Z-\n'),
});

/** A tokenizer of words with some parts replaced. */
const tokenizer = (good) => {
  const json = JSON.parse(new TextDecoder().decode(good));
  const like = (parts) => encode(JSON.stringify({ ...json, ...parts }));
  const replace = (pattern, content) => ({ type: 'Replace', pattern, content });
  const sequence = (normalizers) => ({ type: 'Sequence', normalizers });
  const split = (pattern) => ({ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false });
  return {
    'a text that doubles thirty times': () => like({ normalizer: sequence(new Array(30).fill(replace({ String: 'e' }, 'ee'))) }),
    'a text that grows to 1 GB at once': () => like({ normalizer: replace({ Regex: '.' }, 'x'.repeat(5e7)) }),
    'prefixes without end': () => like({ normalizer: sequence(new Array(20_000).fill({ type: 'Prepend', prepend: 'x'.repeat(1000) })) }),
    'normalisers a hundred thousand deep': () =>
      encode(
        new TextDecoder().decode(like({ normalizer: 'HERE' })).replace('"HERE"', nested(1e5, '{"type":"Sequence","normalizers":[', ']}')),
      ),
    'lists a million deep': () => encode(nested(1e6)),
    'a pattern that backtracks': () => like({ pre_tokenizer: split('(?:[a-z ]+)+!!') }),
    'alternatives that backtrack': () => like({ pre_tokenizer: split('(?:a|a|[a-z]| )*!!') }),
    'a pattern that counts to a billion': () => like({ pre_tokenizer: split('(?:(?:a{1,1000}){1,1000}){1,1000}') }),
    'a pattern of a million signs': () => like({ pre_tokenizer: split('(?:a|b)?'.repeat(125_000)) }),
    'a look-back of a million signs': () => like({ pre_tokenizer: split(`(?<=${'.?'.repeat(5000)})o`) }),
    '20,000 added tokens': () =>
      like({
        added_tokens: [
          ...json.added_tokens,
          ...Array.from({ length: 20_000 }, (_, i) => ({ ...json.added_tokens[0], id: 10 + i, content: `<${i}>` })),
        ],
      }),
    'an id of a billion': () => like({ model: { ...json.model, vocab: { ...json.model.vocab, x: 1e9 } } }),
    'words of any length': () => like({ model: { ...json.model, max_input_chars_per_word: 2 ** 53 } }),
    'padding to a billion': () =>
      like({
        padding: { strategy: { Fixed: 1e9 }, direction: 'Right', pad_to_multiple_of: null, pad_id: 0, pad_type_id: 0, pad_token: '[UNK]' },
      }),
  };
};

const config = () => ({
  // Each alias stands for ten of the one before: 10⁹ words of a few hundred bytes.
  'a billion laughs': () =>
    encode(
      `a0: &a0 [lol]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${new Array(10).fill(`*a${i}`).join(', ')}]\n`).join('')}name: *a9\n`,
    ),
  'a list that holds itself': () => encode('name: &a [*a]\n'),
  'merges that hold each other': () => encode('a: &a { <<: *b }\nb: &b { <<: *a }\n'),
  'lists 50,000 deep': () => encode(`name: ${nested(50_000)}`),
  'blocks 600 deep': () => encode(Array.from({ length: 600 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')),
  '6,000 tasks of one name': () => encode(`tasks:\n${'  - { name: a, head: classification }\n'.repeat(6000)}`),
  '20,000 unknown names': () => encode(Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')),
  'a text of 5 MB': () => encode(`name: ${'a'.repeat(5e6)}`),
  'a text of 250 kB': () => encode(`name: ${'a'.repeat(250_000)}`),
  'a key of 250 kB': () => encode(`${'a'.repeat(250_000)}: 1`),
  'a program': () => encode('name: !!js/function "function () { process.exit(3) }"\ntasks: !!python/object/apply:os.system ["true"]\n'),
});

/** A run with files replaced, under manifests that fit. */
function withFiles(files, changes) {
  const changed = new Map(files);
  for (const path of files.keys()) {
    const change = Object.entries(changes).find(([end]) => path.endsWith(end))?.[1];
    if (change !== undefined) changed.set(path, change(files.get(path)));
  }
  return { files: signed(changed) };
}

const editJson = (edit) => (bytes) => {
  const json = JSON.parse(new TextDecoder().decode(bytes));
  edit(json);
  return encode(JSON.stringify(json));
};
const text = (content) => () => encode(content);

const runFolder = (files) => ({
  'a config of a billion buckets': () =>
    withFiles(files, { '/config.json': editJson((json) => Object.assign(json.features, { buckets: 1e9 })) }),
  'a config of a billion units': () => withFiles(files, { '/config.json': editJson((json) => Object.assign(json.trunk, { width: 1e9 })) }),
  'a config a million deep': () => withFiles(files, { '/config.json': text(nested(1e6)) }),
  'labels a million deep': () => withFiles(files, { '/labels.json': text(nested(1e6, '{"topic":', '}')) }),
  '100,000 labels': () =>
    withFiles(files, {
      '/labels.json': editJson((json) => {
        json.topic = Array.from({ length: 100_000 }, (_, i) => `label ${i}`);
      }),
    }),
  'arrays of 10¹⁸ elements': () => withFiles(files, { '.safetensors': () => header({ 'params/a': tensor([1e9, 1e9], 4e18) }) }),
  'a manifest that leads elsewhere': () => ({
    files: new Map(
      [...files].map(([path, bytes]) => [path, path.endsWith('.manifest.json') ? rename(bytes, '../../beside/canary') : bytes]),
    ),
  }),
  'a manifest that leads to the root': () => ({
    files: new Map([...files].map(([path, bytes]) => [path, path.endsWith('.manifest.json') ? rename(bytes, '/dev/zero') : bytes])),
  }),
});

/** The manifest with its first file under another name. */
function rename(manifest, name) {
  const json = JSON.parse(new TextDecoder().decode(manifest));
  const [first, ...rest] = Object.entries(json.files);
  return encode(JSON.stringify({ ...json, files: Object.fromEntries([[name, first[1]], ...rest]) }));
}

const progress = (edit) => ({ '/progress.json': editJson((json) => edit(json.progress, json)) });

const checkpointFolder = (files) => {
  const evaluation = { tasks: {}, mean: 0 };
  return {
    'a progress 300,000 deep': () =>
      withFiles(files, { '/progress.json': text(`{"formatVersion":1,"setup":{},"progress":${nested(300_000)}}`) }),
    'a balancer state 3,000 deep': () =>
      withFiles(files, {
        '/progress.json': (bytes) => encode(new TextDecoder().decode(bytes).replace('"balancing":{', `"balancing":{"x":${nested(3000)},`)),
      }),
    'a balancer state of a million tasks': () =>
      withFiles(
        files,
        progress(({ balancing }) => {
          balancing.state.sums = { $: 'float64', values: new Array(1e6).fill(0) };
        }),
      ),
    'a history of 100,000 evaluations': () =>
      withFiles(
        files,
        progress(({ log }) => {
          log.history.evaluations = Array.from({ length: 100_000 }, (_, step) => ({ step, ...evaluation }));
        }),
      ),
    'rows that were drawn 2⁵³ − 1 times': () =>
      withFiles(
        files,
        progress(({ rows }) => {
          rows.draws = Number.MAX_SAFE_INTEGER;
          for (const name of Object.keys(rows.rows)) rows.rows[name] = Number.MAX_SAFE_INTEGER;
        }),
      ),
    'rows of sources that have other names': () =>
      withFiles(
        files,
        progress(({ rows }) => {
          rows.rows = { ['__proto__']: 3, constructor: 5 };
        }),
      ),
    'a setup of a million entries': () =>
      withFiles(
        files,
        progress((_, json) => {
          json.setup.tasks = new Array(1e6).fill('topic');
        }),
      ),
    'checkpoints of steps beyond counting': () => ({
      files: new Map([...files].map(([path, bytes]) => [path.replace(/^checkpoint-\d+/, 'checkpoint-99999999999999999999'), bytes])),
    }),
    'arrays of 10¹⁸ elements': () => withFiles(files, { '.safetensors': () => header({ 'params/a': tensor([1e9, 1e9], 4e18) }) }),
    'tensors 10,000 branches deep': () =>
      withFiles(files, {
        '.safetensors': () => header({ ['a/'.repeat(10_000)]: tensor([1], 4) }, undefined, 4),
      }),
  };
};

export const worst = {
  safetensors,
  jsonl,
  csv,
  conll,
  'tokenizer.json': tokenizer,
  config,
  'run folder': runFolder,
  'checkpoint folder': checkpointFolder,
};
