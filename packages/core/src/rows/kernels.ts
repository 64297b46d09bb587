import { TaskloomError } from '../error';
import { advance, assemble, doWhile, f32x4, i32, type WasmFunction, whileLoop } from './assembler';
import { addRow, addTerms, clear, fetchAhead, touch, unrolled } from './row-code';
import type { SparseOptimizer } from './sparse-optimizers';

/** Addresses and sizes are bytes. Rows are whole vectors of four elements, `width` of them one row of gradients or sums. */
export interface RowKernels {
  /**
   * The rows from `out` to `outEnd`, each Σ weight · row over its own terms. The terms are addresses of rows, from `terms` to `termsEnd`, with a weight each;
   * `ends` says for each row how far its terms go, in bytes from the first. `ahead`: bytes of `terms` whose rows are fetched at once.
   */
  sum(out: number, outEnd: number, ends: number, terms: number, termsEnd: number, weights: number, width: number, ahead: number): void;
  /**
   * The optimiser's step of the rows of the table whose addresses are from `rows` to `rowsEnd`. The gradient of each is such a sum, made in `gradient`.
   * `ahead`: bytes of `rows`.
   */
  update(
    rows: number,
    rowsEnd: number,
    ends: number,
    terms: number,
    weights: number,
    gradient: number,
    width: number,
    ahead: number,
    ...factors: number[]
  ): void;
}

/**
 * The loops over the rows, in WebAssembly: four elements at once, and many cache lines asked for before the first is needed (measured with rows of
 * 768 bytes in a table of 77 MB: 1.5 ms a step, 2.8 without asking ahead, 9 as loops over typed arrays).
 */
export function rowKernels(optimizer: SparseOptimizer, width: number, memory: WebAssembly.Memory): RowKernels {
  const vectors = [4, 2].find((count) => width % (4 * count) === 0) ?? 1;
  const code = assemble({ touch, clear: clear(vectors), addRow: addRow(vectors), sum, update: update(optimizer, vectors) });
  if (!WebAssembly.validate(code))
    throw new TaskloomError('unsupported', 'WebAssembly has no SIMD here.', {
      name: 'embeddingTable',
      remedy: 'Node from 16.4 on has it, browsers since 2023; or train the table as a parameter of the model.',
    });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  return exports as unknown as RowKernels;
}

const sum: WasmFunction = {
  params: { out: 'i32', outEnd: 'i32', ends: 'i32', terms: 'i32', termsEnd: 'i32', weights: 'i32', width: 'i32', ahead: 'i32' },
  locals: { term: 'i32', end: 'i32', fetched: 'i32' },
  body: (variables, call) => {
    const { out, outEnd, ends, terms, termsEnd, width, ahead, term, end, fetched } = variables;
    return [
      ...term!.set(terms!.get),
      ...whileLoop(i32.less(out!.get, outEnd!.get), [
        ...call('clear', out!.get, width!.get),
        ...end!.set(i32.add(terms!.get, i32.load(ends!.get))),
        ...addTerms(variables, out!, end!.get, call, fetchAhead(term!, termsEnd!, fetched!, ahead!, width!.get, call)),
        ...advance(ends!, 4),
        ...out!.set(i32.add(out!.get, width!.get)),
      ]),
    ];
  },
};

function update(optimizer: SparseOptimizer, vectors: number): WasmFunction {
  const numbered = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}${i}`);
  const factors = numbered('factor', optimizer.factorCount);
  const temporaries = numbered('temporary', optimizer.temporaries);
  const parts = numbered('part', 1 + Object.keys(optimizer.fields).length);
  const all = <T>(names: readonly string[], kind: T) => Object.fromEntries(names.map((name) => [name, kind]));
  const pointers = {
    rows: 'i32',
    rowsEnd: 'i32',
    ends: 'i32',
    terms: 'i32',
    weights: 'i32',
    gradient: 'i32',
    width: 'i32',
    ahead: 'i32',
  } as const;
  return {
    params: { ...pointers, ...all(factors, 'f32' as const) },
    locals: {
      ...all([...parts, 'term', 'end', 'fetched', 'size', 'g'], 'i32' as const),
      ...all([...factors.map(lanesOf), ...temporaries], 'v128' as const),
    },
    body: (variables, call) => {
      const { rows, rowsEnd, ends, terms, gradient, width, ahead, term, end, fetched, size, g } = variables;
      const places = parts.map((part) => variables[part]!);
      const step = (offset: number) =>
        optimizer.update({
          gradient: f32x4.load(g!.get, offset),
          factors: factors.map((factor) => variables[lanesOf(factor)]!.get),
          places: places.map(({ get }) => ({ load: f32x4.load(get, offset), store: (value) => f32x4.store(get, value, offset) })),
          temporaries: temporaries.map((temporary) => variables[temporary]!),
        });
      return [
        ...factors.flatMap((factor) => variables[lanesOf(factor)]!.set(f32x4.splat(variables[factor]!.get))),
        ...size!.set(i32.mul(width!.get, i32.constant(parts.length))),
        ...term!.set(terms!.get),
        ...whileLoop(i32.less(rows!.get, rowsEnd!.get), [
          ...fetchAhead(rows!, rowsEnd!, fetched!, ahead!, size!.get, call),
          ...call('clear', gradient!.get, width!.get),
          ...addTerms(variables, gradient!, i32.add(terms!.get, i32.load(ends!.get)), call),
          // The values and what is kept of them lie side by side.
          ...places.flatMap((part, i) => part.set(i === 0 ? i32.load(rows!.get) : i32.add(places[i - 1]!.get, width!.get))),
          ...g!.set(gradient!.get),
          ...end!.set(i32.add(gradient!.get, width!.get)),
          ...doWhile(
            [...unrolled(vectors, step), ...[...places, g!].flatMap((each) => advance(each, 16 * vectors))],
            i32.less(g!.get, end!.get),
          ),
          ...advance(ends!, 4),
          ...advance(rows!, 4),
        ]),
      ];
    },
  };
}

/** A factor in all four lanes. */
function lanesOf(factor: string): string {
  return `${factor}Lanes`;
}
