import { type HostType, TaskloomError, type Tree } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { encode } from '../encode';
import { Graph } from '../graph/graph';
import { nodesOf, type Value } from '../graph/value';
import { draws } from '../passes/draws';
import { layerNorms } from '../passes/layer-norm';
import { poolGradients } from '../passes/pool-gradients';
import { rewrite } from '../passes/rewrite';
import { segmentSums } from '../passes/segment-sums';
import { inputName, trace } from '../trace/trace';
import { type Aligned, align, constantsIn, Difference } from './align';
import { checkOptions } from './check-options';
import { emitter, type Precision } from './emit';
import { mergeTraces } from './merge';
import { needsLater, portable, recent } from './older-opset';
import { fit, textOf } from './polynomial';
import { namesOf, runtimeSizes } from './runtime-sizes';
import { type Points, tracePoints } from './sizes';

/** One input of an exported function. The size of a dynamic axis may be anything. */
export interface InputSpec {
  readonly shape: readonly number[];
  /** Default float32. */
  readonly dtype?: HostType;
}

export interface ExportOptions {
  readonly inputs: { readonly [name: string]: InputSpec };
  /** Which of the results, by path, and their order. Default: all. */
  readonly outputs?: readonly string[];
  /** Names of axes whose size is free, by input and axis: `{ ids: { 0: 'batch', 1: 'time' } }`. Axes of one name have one size. */
  readonly dynamicAxes?: { readonly [input: string]: { readonly [axis: number]: string } };
  /** Greatest sizes of dynamic axes, where the function has any: a table of positions is stored up to it. */
  readonly maxSizes?: { readonly [axis: string]: number };
  /** Kept in the file for whoever reads it. */
  readonly metadata?: { readonly [key: string]: string };
  /**
   * `fp16` stores arrays in half precision and computes as before; `int8` stores matrices and tables in eight bits and multiplies matrices with whole
   * numbers, the other side quantised as it comes. Default `fp32`.
   */
  readonly precision?: Precision;
}

/** How often other sizes are tried before graphs that differ are taken to differ for good. */
const attempts = 3;

/**
 * A function of named tensors as an ONNX model, for any runtime that reads one. The function runs several times without numbers, at different sizes of its
 * dynamic axes; tensors that it captures are stored in the model. Results that are trees are named by their paths (`topic/probabilities`), a bare tensor
 * `output`. Throws `bad_option`, `not_traceable`, and `not_exportable` where a size matters in a way that a graph cannot say.
 */
export function exportOnnx(
  predict: (inputs: { readonly [name: string]: Tensor }) => Tree<Tensor>,
  options: ExportOptions,
): Uint8Array<ArrayBuffer> {
  const symbols = checkOptions(options);
  const { maxSizes = {} } = options;
  for (let attempt = 0; ; attempt++) {
    const points = tracePoints(symbols, maxSizes, attempt);
    const traces = points.sizes.map((sizes) => traceAt(predict, options, symbols, sizes));
    const names = outputNames(traces, options);
    const outputs = names.map((name): Aligned => traces.map((values) => values.get(name)!));
    const whole = points.largest && traceAt(predict, options, symbols, points.largest);
    const largest = constantsIn(whole ? names.map((name, i) => [outputs[i]![0]!, whole.get(name)!] as const) : []);
    try {
      return write(outputs, names, points, largest, options);
    } catch (error) {
      if (!(error instanceof Difference)) throw error;
      // Sizes that happen to be equal can make graphs differ; other sizes then tell.
      if (attempt + 1 === attempts) throw differs(error, outputs, points);
    }
  }
}

function traceAt(
  predict: Parameters<typeof exportOnnx>[0],
  options: ExportOptions,
  symbols: readonly string[],
  sizes: readonly number[],
): Map<string, Value> {
  const shapeOf = (name: string) =>
    options.inputs[name]!.shape.map((size, axis) => {
      const symbol = options.dynamicAxes?.[name]?.[axis];
      return symbol === undefined ? size : sizes[symbols.indexOf(symbol)]!;
    });
  const inputs = Object.fromEntries(
    Object.entries(options.inputs).map(([name, { dtype = 'float32' }]) => [
      name,
      { shape: shapeOf(name), dtype, data: new Float32Array(0) },
    ]),
  );
  const found = new Map<string, Value>();
  try {
    const { graph, outputs } = trace(
      (state, given) => ({ state, outputs: predict(given as { [name: string]: Tensor }) }),
      {},
      inputs as never,
    );
    collect(outputs, '', found);
    const values = rewrite(graph, [...found.values()], [draws, segmentSums, poolGradients, layerNorms]);
    for (const [i, name] of [...found.keys()].entries()) found.set(name, values[i]!);
  } catch (error) {
    if (TaskloomError.isInstance(error) && error.code === 'not_traceable') throw error;
    const at = symbols.map((symbol, i) => `${symbol} = ${sizes[i]}`).join(', ');
    throw new TaskloomError(
      'not_exportable',
      `The function fails${at && ` for ${at}`}: ${error instanceof Error ? error.message : String(error)}`,
      {
        remedy: symbols.length > 0 ? '(If an axis has a greatest size, say it in maxSizes.)' : undefined,
        cause: error,
      },
    );
  }
  return found;
}

function collect(tree: Tree<Value>, path: string, into: Map<string, Value>): void {
  if ('id' in tree && typeof tree.id === 'number') into.set(path || 'output', tree as Value);
  else for (const [name, branch] of Object.entries(tree)) collect(branch as Tree<Value>, path === '' ? name : `${path}/${name}`, into);
}

function outputNames(traces: readonly ReadonlyMap<string, Value>[], { outputs: wanted, inputs }: ExportOptions): readonly string[] {
  const known = [...traces[0]!.keys()];
  if (known.length === 0) throw new TaskloomError('bad_option', 'The function gives no tensor.', { name: 'predict' });
  for (const name of wanted ?? [])
    if (!known.includes(name)) throw new TaskloomError('bad_option', `There is no result '${name}'.`, { name: 'outputs', expected: known });
  const names = wanted ?? known;
  const twice = names.find((name) => Object.hasOwn(inputs, name));
  if (twice !== undefined) throw new TaskloomError('bad_option', `'${twice}' is an input and a result.`, { name: 'outputs', got: twice });
  const missing = names.find((name) => !traces.every((trace) => trace.has(name)));
  if (missing !== undefined)
    throw new TaskloomError('not_exportable', `The function gives '${missing}' for some sizes only.`, { name: missing });
  return names;
}

function write(
  outputs: readonly Aligned[],
  names: readonly string[],
  points: Points,
  largest: ReadonlyMap<Value, Value>,
  options: ExportOptions,
): Uint8Array<ArrayBuffer> {
  const graph = new Graph();
  const symbolsOf = new Map<Value, readonly (string | null)[]>();
  const sources = new Map<string, { readonly input: Value; readonly axis: number }>();
  const inputs = new Map<string, Value>();
  for (const [name, { shape, dtype = 'float32' }] of Object.entries(options.inputs)) {
    const own = options.dynamicAxes?.[name] ?? {};
    const value = graph.input(
      name,
      shape.map((size, axis) => (own[axis] === undefined ? size : points.sizes[0]![points.symbols.indexOf(own[axis])]!)),
      dtype,
    );
    inputs.set(name, value);
    symbolsOf.set(
      value,
      shape.map((_, axis) => own[axis] ?? null),
    );
    for (const [axis, symbol] of Object.entries(own)) if (!sources.has(symbol)) sources.set(symbol, { input: value, axis: Number(axis) });
  }
  const later = nodesOf(outputs.map(([value]) => value!)).some(({ op }) => needsLater(op));
  const results = mergeTraces(graph, outputs, {
    inputs: new Map([...inputs].map(([name, value]) => [inputName(name), value])),
    largest,
    sizes: runtimeSizes(graph, points, (symbol) => sources.get(points.symbols[symbol]!)!),
    emit: emitter(graph, { precision: options.precision ?? 'fp32', portable: !later }),
  });
  const ends = names.map((name, i) => ({ name, value: results[i]!, dimensions: dimensionsOf(outputs[i]!, name, points) }));
  return encode(inputs, new Map(ends.map(({ name, value }) => [name, value])), {
    metadata: options.metadata,
    symbols: symbolsOf,
    outputSymbols: new Map(ends.map(({ name, dimensions }) => [name, dimensions])),
    ...(later ? recent : portable),
  });
}

/** What the axes of a result are called: by what they are computed from. */
function dimensionsOf(values: Aligned, name: string, points: Points): readonly (string | null)[] {
  return values[0]!.shape.map((size, axis) => {
    const sizes = values.map(({ shape }) => shape[axis]!);
    if (sizes.every((each) => each === size)) return null;
    const polynomial = fit(sizes, points);
    return polynomial ? textOf(polynomial, points.symbols) : `${name}/${axis}`;
  });
}

/** Says with which axis the graph changes, and how. */
function differs(difference: Difference, outputs: readonly Aligned[], points: Points): TaskloomError {
  const single = points.symbols.flatMap((symbol, i) => {
    try {
      align(outputs.map((values) => [values[0]!, values[1 + i]!]));
      return [];
    } catch (error) {
      return [{ symbol, what: (error as Error).message }];
    }
  });
  const axes = single.map(({ symbol }) => symbol);
  return new TaskloomError(
    'not_exportable',
    `What the function does depends on the size of ${namesOf(axes)}: ${single[0]?.what ?? difference.what}.`,
    {
      name: axes.join(', '),
      remedy: 'Write it without loops and conditions over that size, or give the axis a fixed size.',
      cause: difference,
    },
  );
}
