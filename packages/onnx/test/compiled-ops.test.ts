import { readFileSync, writeFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import { type HostArray, type Tree, valueAndGradients } from '@taskloom/core';
import { gradientCases } from '@taskloom/testing/gradient-cases';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { kernelRules } from '../src/rules';
import type { KernelRules } from '../src/rules/rule';
import { trace } from '../src/trace/trace';
import { expectOutputs } from './rules/outputs';
import { valueCases } from './rules/value-cases';

const called = vi.hoisted(() => new Set<string>());

/** Every rule says that it was asked. */
vi.mock('../src/rules', async (original) => {
  const { kernelRules } = await original<{ kernelRules: KernelRules }>();
  const noting = Object.entries(kernelRules).map(([name, rule]) => [
    name,
    (...given: Parameters<typeof rule>) => {
      called.add(name);
      return rule(...given);
    },
  ]);
  return { kernelRules: Object.fromEntries(noting) };
});

beforeAll(() => tf.setBackend('cpu'));

type Tensors = { readonly [name: string]: tf.Tensor };
type Arrays = { readonly [name: string]: HostArray };

/** The rules that a computation of these inputs needs. */
function rulesOf(compute: (inputs: Tensors) => Tree<tf.Tensor>, inputs: Arrays): Set<string> {
  called.clear();
  trace((state, given: Tensors) => ({ state, outputs: compute(given) }), {}, inputs);
  return new Set(called);
}

/** What core's table of gradients calls in the ops themselves, and in their first and second derivatives. */
function ofGradientCases(): { forward: Set<string>; backward: Set<string> } {
  const [forward, backward] = [new Set<string>(), new Set<string>()];
  for (const { f, inputs } of Object.values(gradientCases).flat()) {
    const made = inputs();
    const arrays = Object.fromEntries(
      made.map((x, i) => [`x${i}`, { shape: x.shape, dtype: x.dtype, data: x.dataSync().slice() } as HostArray]),
    );
    tf.dispose(made);
    const loss = (given: Tensors, all: Tensors) =>
      tf.sum(tf.square(f(...Object.keys(arrays).map((name) => (given[name] ?? all[name])!)))) as tf.Scalar;
    const second = (all: Tensors) => {
      const floats = Object.fromEntries(Object.entries(all).filter(([, x]) => x.dtype === 'float32'));
      const first = (given: Tensors) => valueAndGradients((q: Tensors) => loss(q, all), given).gradients;
      const slope = (given: Tensors) => tf.addN(Object.values(first(given)).map((g) => tf.sum(tf.square(g)))) as tf.Scalar;
      return valueAndGradients(slope, floats).gradients;
    };
    for (const name of rulesOf((all) => ({ y: f(...Object.values(all)) }), arrays)) forward.add(name);
    for (const name of rulesOf(second, arrays)) backward.add(name);
  }
  return { forward, backward };
}

describe('results of kernels without a row in the table of gradients', () => {
  for (const { kernels, inputs, ops } of valueCases)
    test(kernels.join(', '), async () => {
      called.clear();
      await expectOutputs(ops, inputs);
      expect([...called]).toEqual(expect.arrayContaining([...kernels]));
    });
});

const own = { TaskloomRandom: "draws of core's `Random`", TaskloomHostCall: '`hostCall`', TaskloomAgain: '`again`' };
const kernelNames = Object.entries(tf)
  .flatMap(([name, value]) => (name === value ? [name] : []))
  .sort();

test('every rule is for a kernel of TensorFlow.js or of ours, and is tested', () => {
  const { forward, backward } = ofGradientCases();
  const tested = new Set([...forward, ...backward, ...valueCases.flatMap(({ kernels }) => kernels), ...Object.keys(own)]);
  expect(
    Object.keys(kernelRules).filter((name) => !tested.has(name)),
    'add a case to scripts/testing/gradient-cases.ts or test/rules/value-cases.ts',
  ).toEqual([]);
  expect(Object.keys(kernelRules).filter((name) => !kernelNames.includes(name) && !(name in own))).toEqual([]);
});

test('docs/compiled-ops.md says what is tested here', () => {
  const file = new URL('../../../docs/compiled-ops.md', import.meta.url);
  const table = supportTable();
  if (process.env.UPDATE_DOCS) writeFileSync(file, table);
  expect(readFileSync(file, 'utf8'), 'run UPDATE_DOCS=1 npx vitest run test/compiled-ops.test.ts').toBe(table);
});

/** Why a kernel is not compiled, where that will stay so. */
const obstacles: readonly { readonly reason: string; readonly kernels: readonly string[] }[] = [
  { reason: 'random: draw from `Random` of `@taskloom/core`', kernels: ['Multinomial'] },
  { reason: 'complex numbers', kernels: ['Complex', 'ComplexAbs', 'FFT', 'IFFT', 'Imag', 'Real'] },
  { reason: 'text', kernels: ['StaticRegexReplace', 'StringNGrams', 'StringSplit', 'StringToHashBucketFast'] },
  { reason: 'pixels of a page', kernels: ['Draw', 'FromPixels'] },
  { reason: 'no op calls it', kernels: ['LowerBound', 'MatrixBandPart', 'Pool', 'UpperBound'] },
  {
    reason: "the result's size depends on values",
    kernels: [
      ...['NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5', 'RaggedGather', 'RaggedRange', 'RaggedTensorToTensor'],
      ...['SparseFillEmptyRows', 'SparseReshape', 'SparseSegmentMean', 'SparseSegmentSum', 'Unique'],
    ],
  },
];

function supportTable(): string {
  const { forward, backward } = ofGradientCases();
  const obstacleOf = new Map(obstacles.flatMap(({ reason, kernels }) => kernels.map((name) => [name, reason] as const)));
  expect([...obstacleOf.keys()].filter((name) => name in kernelRules || !kernelNames.includes(name))).toEqual([]);
  const rowOf = (name: string) => {
    if (!(name in kernelRules)) return row([name, 'no', '', obstacleOf.get(name) ?? '']);
    return row([name, 'yes', forward.has(name) ? '1, 2' : backward.has(name) ? 'part of derivatives' : 'values only', '']);
  };
  const compiled = kernelNames.filter((name) => name in kernelRules).length;
  const count = `${compiled} of ${kernelNames.length} kernels compile.`;
  const ownRows = Object.entries(own).map(([name, what]) => row([name, 'yes', 'values only', what]));
  const head = [row(['kernel', 'compiled', 'derivatives tested', 'remark']), row(['---', '---', '---', '---'])];
  return `${[preface, count, [...head, ...ownRows, ...kernelNames.map(rowOf)].join('\n')].join('\n\n')}\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

const preface = `# Ops that compile

Generated by \`packages/onnx/test/compiled-ops.test.ts\` (\`UPDATE_DOCS=1\` writes this file).

A step that \`ort()\` or another compiling executor of \`@taskloom/onnx\` runs may call the ops of TensorFlow.js whose kernels are marked *yes*. An op may
call several kernels: \`tf.norm\`, \`tf.moments\`, \`tf.losses\`, layers and optimisers are made of those below. An op whose kernel is marked *no* throws an
error that names it and the line that calls it.

*1, 2*: core's table of gradients (docs/gradients.md) has the op, and its value, first and second derivatives, compiled, agree with eager ones on the cpu
backend to 2e-5 relative to the largest value of a result. *Part of derivatives*: called by those derivatives. *Values only*: results agree and
derivatives are not compared; the op is constant almost everywhere, has no gradient, or has one that core's table leaves to TensorFlow.js (fused convolutions,
\`tf.logSoftmax\`). Random shapes, broadcasts and axes, sizes of zero, negative axes, infinities, int32 and booleans are tested
beside it (\`test/rules\`).

Where compiled results differ from those of the cpu backend:

- NaN: \`step(NaN)\` is 0 or alpha (eagerly NaN), \`sign(NaN)\` is NaN (eagerly 0), and \`max\`, \`min\`, \`argMax\`, \`argMin\` and \`topk\` may pass over a NaN or begin
  with it. NaN goes through everything else, so that a loss shows it.
- \`erf\` is exact to float32; TensorFlow.js approximates it to 1.5e-7.
- Arithmetic of two booleans gives an int32 count; eagerly it is a count in bytes of type bool.
- int32 results that do not fit: TensorFlow.js computes them in float64 and takes the lowest 32 bits. \`mod\` jumps where its operands differ by more than
  float32 resolves. \`atan2(−0, x)\` is that of +0.
- \`topk\` is sorted also with \`sorted = false\`.
- Sums by segment (\`unsortedSegmentSum\`, the gradients of \`gather\`) of few segments or many rows are small matrix products: infinity or NaN in one row
  reaches other segments too. An index below 0 or too large may count from the end or stop the step, where the cpu backend always throws.
- \`einsum\` is right where the cpu backend drops an operand (\`a,ab->a\`), and so are the gradients of dilated depthwise convolutions and of
  \`resizeBilinear\` with half-pixel centres. A pool with a window wholly in the padding is refused.`;
