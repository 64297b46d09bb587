import { TaskloomError } from '@taskloom/core/host';
import { assertKnownKeys } from '../known-keys';
import type { ExportOptions } from './export-onnx';

const types = ['float32', 'int32', 'bool'];
const precisions = ['fp32', 'fp16', 'int8'];

const known: readonly (keyof ExportOptions)[] = ['inputs', 'outputs', 'dynamicAxes', 'maxSizes', 'metadata', 'precision'];
const elsewhere = { file: "Files are written by `exportOnnx` of '@taskloom/onnx/node'." };

/** Checks what an export is asked for, and gives the names of its dynamic axes. Throws `bad_option`. */
export function checkOptions(options: ExportOptions): string[] {
  assertKnownKeys('', options, known, elsewhere);
  const { inputs, outputs, dynamicAxes = {}, maxSizes = {}, metadata = {}, precision = 'fp32' } = options;
  const names = Object.keys(inputs ?? {});
  if (names.length === 0) bad('inputs', inputs, '{ [name]: { shape, dtype } }', 'An exported function has at least one input.');
  const symbols = new Set<string>();
  for (const name of names) {
    if (!isText(name)) bad('inputs', name, 'names that are not empty and are valid Unicode');
    assertKnownKeys(`inputs.${name}.`, inputs[name]!, ['shape', 'dtype']);
    const { shape, dtype = 'float32' } = inputs[name]!;
    if (!types.includes(dtype)) bad(`inputs.${name}.dtype`, dtype, types);
    const own = Object.hasOwn(dynamicAxes, name) ? dynamicAxes[name]! : {};
    for (const [axis, symbol] of Object.entries(own)) {
      if (!(Number(axis) < (shape?.length ?? 0))) bad(`dynamicAxes.${name}`, axis, `an axis of [${shape}]`);
      if (!isText(symbol) || /^\d/.test(symbol)) bad(`dynamicAxes.${name}.${axis}`, symbol, 'a name');
      symbols.add(symbol);
    }
    if (!Array.isArray(shape) || !shape.every((size, axis) => Object.hasOwn(own, axis) || (Number.isInteger(size) && size >= 0)))
      bad(`inputs.${name}.shape`, shape, 'a whole number for every axis that is not dynamic');
  }
  for (const name of Object.keys(dynamicAxes)) if (!names.includes(name)) bad('dynamicAxes', name, names);
  for (const [symbol, size] of Object.entries(maxSizes))
    if (!symbols.has(symbol) || !Number.isInteger(size) || size < 1)
      bad('maxSizes', { [symbol]: size }, `sizes of ${[...symbols].join(', ') || 'dynamic axes'}`);
  for (const [key, value] of Object.entries(metadata))
    if (!isText(key) || typeof value !== 'string' || (value !== '' && !isText(value))) bad('metadata', { [key]: value }, 'texts');
  if (outputs && new Set(outputs).size !== outputs.length) bad('outputs', outputs, 'each name once');
  if (!precisions.includes(precision)) bad('precision', precision, precisions);
  return [...symbols];
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(value);
}

function bad(name: string, got: unknown, expected: unknown, message = `'${name}' of an export is not usable.`): never {
  throw new TaskloomError('bad_option', message, { name, got, expected });
}
