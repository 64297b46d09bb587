// What strangers can hand to us: a good file (or run folder) of each format, the public function that reads it, and how it is damaged.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eager, hostArray, readSafetensors, writeSafetensors } from '@taskloom/core';
import { loadRun, resume } from '@taskloom/pipeline';
import { collectRows, conllRows, csvRows, jsonlRows, tokenizer } from '@taskloom/text';
import { loadConfigFile } from 'taskloom';
import { mutate, mutateJson } from './mutate.mjs';
import { data, mutateCheckpoint, mutateRun, readRunFolder, smallRun } from './run-folder.mjs';

const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);
const folder = mkdtempSync(join(tmpdir(), 'taskloom-mutants-'));
const support = new URL('../../../apps/reference/data/support/train.jsonl', import.meta.url);

const vocabulary = Object.fromEntries(
  ['[UNK]', '[CLS]', '[SEP]', 'my', 'order', 'is', 'late', '##ly', '.', '!'].map((token, i) => [token, i]),
);
const wordPiece = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [0, 1, 2].map((id) => ({
    id,
    content: Object.keys(vocabulary)[id],
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: { type: 'BertProcessing', sep: ['[SEP]', 2], cls: ['[CLS]', 1] },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: vocabulary },
};

const config = `name: mutants
features: { kind: hashed, buckets: 2048 }
trunk: { kind: textCNN, width: 16 }
training: { steps: 20, batchSize: 8, learningRate: 0.003 }
tasks:
  - name: topic
    head: classification
    data: { train: train.jsonl, validation: validation.jsonl, test: test.jsonl }
    columns: { text: text, label: topic }
  - name: urgency
    head: ordinal
    labels: [low, normal, high, critical]
    data: { train: train.jsonl, validation: validation.jsonl, test: test.jsonl }
    columns: { text: text, label: urgency }
`;

/** `mutate`: default, its bytes. */
export const formats = {
  safetensors: {
    seed: () =>
      writeSafetensors(
        new Map([
          [
            'shared/kernel',
            hostArray(
              Float32Array.from({ length: 12 }, (_, i) => i / 7),
              [3, 4],
            ),
          ],
          ['tasks/topic/bias', hostArray(Int32Array.of(1, 2, 3))],
        ]),
        { formatVersion: '1' },
      ),
    read: (bytes) => readSafetensors(bytes),
  },
  jsonl: {
    seed: () => encode(readFileSync(support, 'utf8').split('\n').slice(0, 20).join('\n')),
    read: (bytes) => collectRows(jsonlRows(decode(bytes), { maximumBadRows: 0 })),
  },
  csv: {
    seed: () =>
      encode('\ufefftext,label\r\n"Where, exactly, is it?",delivery\r\n"She said ""no""\nand left",feedback\r\nplain,billing\r\n'),
    read: (bytes) => collectRows(csvRows(decode(bytes), { maximumBadRows: 0 })),
  },
  conll: {
    seed: () => encode('-DOCSTART- -X- O\n\nI PRP O\nlive VBP O\nin IN O\nNew NNP B-place\nYork NNP I-place\n\nBye\tUH\tO\r\n.\t.\tO\r\n'),
    read: (bytes) => collectRows(conllRows(decode(bytes), { maximumBadRows: 0 })),
  },
  'tokenizer.json': {
    seed: () => encode(JSON.stringify(wordPiece)),
    mutate: (bytes, number) => (number % 2 ? mutateJson : mutate)(bytes, number),
    read: (bytes) => tokenizer(decode(bytes)).encode('My order is lately late!'),
  },
  config: {
    seed: () => encode(config),
    read: (bytes) => {
      const path = join(folder, 'taskloom.config.yaml');
      writeFileSync(path, bytes);
      return loadConfigFile(path);
    },
  },
  'run folder': {
    seed: smallRun,
    mutate: mutateRun,
    read: (mutant) =>
      readRunFolder(mutant, async (store) => {
        const run = await loadRun(store);
        try {
          await run.predict(['is my order late?']);
        } finally {
          run.dispose();
        }
      }),
  },
  'checkpoint folder': {
    seed: smallRun,
    mutate: mutateCheckpoint,
    read: (mutant) => readRunFolder(mutant, (store) => resume({ store, data, executor: eager() })),
  },
};
