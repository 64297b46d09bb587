import { describe, expect, it } from 'vitest';
import { wordPiece } from '../../text/test/tokenizer-files';
import { documentOf } from '../src/document';
import { buildFeatures } from '../src/features';
import { formOf } from '../src/features-hashed';
import { type Config, inspectData, memoryData, type Row, resolveConfig } from '../src/index';
import { planSources } from '../src/source-plan';
import { smallConfig } from './support';

const task = { name: 'topic', head: 'classification' as const, data: { train: 'train', test: 'test' } };
const row = (text: string, label?: string): Row => ({ text, ...(label === undefined ? {} : { label }) });

describe('planSources', () => {
  it('lets tasks of one file share a source, and pairs have their own', () => {
    const plans = planSources(resolveConfig(smallConfig).tasks);
    expect(plans.map(({ name, tasks }) => [name, tasks.map((one) => one.name)])).toEqual([
      ['train', ['topic', 'sentiment', 'urgency', 'entities']],
      ['pairs.train', ['duplicate']],
    ]);
    expect(plans[0]!.input).toEqual({ kind: 'single', text: 'text', tokens: 'tokens' });
  });
});

describe('inspectData', () => {
  it('finds unknown labels, shared texts, near copies and missing labels', async () => {
    const data = memoryData({
      train: [row('the red kettle does not boil water', 'a'), row('where is my parcel now', 'b'), row('no label here')],
      test: [row('the red kettle does not boil waters', 'a'), row('where is my parcel now', 'b'), row('entirely other words', 'c')],
    });
    const { findings, tasks, nearest } = await inspectData(resolveConfig({ tasks: [task] }), data);
    const text = findings.map(({ severity, message }) => `${severity}: ${message}`).join('\n');
    expect(text).toContain("error: test, row 3, column 'label': 'c' is not a label of task 'topic'.");
    expect(text).toContain('error: train: 1 text(s) stand in train and in test');
    expect(text).toContain('is close to training text');
    expect(tasks.find(({ split }) => split === 'train')).toMatchObject({ rows: 3, labelled: 2, labels: { a: 1, b: 1 } });
    expect(nearest.train).toBe(1);
  });

  it('names file, row and column of a value that cannot be read', async () => {
    const data = memoryData({ train: [row('x', 'a'), { text: 'y', label: { odd: true } }], test: [row('z', 'a')] });
    const { findings } = await inspectData(resolveConfig({ tasks: [task] }), data);
    expect(findings.map(({ message }) => message).join('\n')).toContain(
      "train, row 2, column 'label': A label is a word, a number or true/false.",
    );
  });

  it('counts rows that are longer than maxTokens, in words and in subwords', async () => {
    const data = memoryData({
      train: [row('unaffable dog cat', 'a'), row('dog cat dog cat', 'b')],
      test: [row('dog cat dog cat dog', 'a')],
      'tokenizer.json': JSON.stringify(wordPiece),
    });
    const counts = async (features: Config['features']) =>
      (await inspectData(resolveConfig({ features, tasks: [task] }), data)).sources.map(({ truncated }) => truncated);
    expect(await counts({ kind: 'hashed', maxTokens: 3 })).toEqual([1, 1]);
    expect(await counts({ kind: 'vocabulary', maxTokens: 4 })).toEqual([0, 1]);
    expect(await counts({ kind: 'tokenizer', file: 'tokenizer.json', maxTokens: 6 })).toEqual([1, 1]);
  });
});

it('reads what is nothing but a variation selector as no word', async () => {
  const config = resolveConfig({
    features: { kind: 'hashed', variationSelectors: false, maxTokens: 8 },
    tokenFeatures: { kind: 'vocabulary', minimumCount: 1, variationSelectors: false },
    trunk: { kind: 'joined', parts: { bag: { kind: 'bagOfEmbeddings' }, filters: { kind: 'textCNN' } } },
    tasks: [task],
  });
  const [plain, marked] = [documentOf('i ❤ it'), documentOf('i ❤\uFE0F \uFE0F it')];
  const { encode } = await buildFeatures(config, { documents: () => [marked] });
  const [less, more] = [encode(plain).ids, encode(marked).ids];
  expect([more.words, more.characters]).toEqual([less.words, less.characters]);
  const [i, heart, it] = less.ids!;
  expect(Math.min(i!, heart!, it!)).toBeGreaterThan(1);
  expect([...more.ids!]).toEqual([i, heart, 0, 0, it]);
});

it('describes the form of a word', () => {
  expect(['Müller', 'TL-12245', '49.90', 'PDF'].map(formOf)).toEqual(['Xxxx', 'XX-ddd', 'dd.dd', 'XXX']);
});
