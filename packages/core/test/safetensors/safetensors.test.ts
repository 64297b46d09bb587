import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskloomError } from '../../src/error';
import { hostArray } from '../../src/host-array';
import { hostRandom } from '../../src/host-random';
import { hostTree, readSafetensors, type StoredArray, writeSafetensors } from '../../src/safetensors';

/** A file from a header as text and its data. */
function file(header: string, data = 0, claimed = Buffer.byteLength(header)): Uint8Array {
  const text = Buffer.from(header);
  const out = new Uint8Array(8 + text.length + data);
  new DataView(out.buffer).setBigUint64(0, BigInt(claimed), true);
  out.set(text, 8);
  return out;
}

const corrupt = expect.objectContaining({ code: 'file_corrupt' });

const shape = fc.array(fc.nat(4), { maxLength: 3 });
const sized = (s: number[]) => s.reduce((a, b) => a * b, 1);
const stored: fc.Arbitrary<StoredArray> = shape.chain((s) => {
  const [minLength, maxLength] = [sized(s), sized(s)];
  const words = fc.array(fc.integer({ min: 0, max: 65535 }), { minLength, maxLength }).map((xs) => Uint16Array.from(xs));
  const bytes = (max: number) => fc.array(fc.integer({ min: 0, max }), { minLength, maxLength }).map((xs) => Uint8Array.from(xs));
  return fc.oneof(
    fc.array(fc.double(), { minLength, maxLength }).map((xs) => ({ dtype: 'F64' as const, shape: s, data: Float64Array.from(xs) })),
    fc.array(fc.float(), { minLength, maxLength }).map((xs) => ({ dtype: 'F32' as const, shape: s, data: Float32Array.from(xs) })),
    words.map((data) => ({ dtype: 'F16' as const, shape: s, data })),
    words.map((data) => ({ dtype: 'BF16' as const, shape: s, data })),
    fc
      .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength, maxLength })
      .map((xs) => ({ dtype: 'I64' as const, shape: s, data: BigInt64Array.from(xs) })),
    fc.array(fc.integer(), { minLength, maxLength }).map((xs) => ({ dtype: 'I32' as const, shape: s, data: Int32Array.from(xs) })),
    bytes(255).map((xs) => ({ dtype: 'I8' as const, shape: s, data: Int8Array.from(xs) })),
    bytes(255).map((data) => ({ dtype: 'U8' as const, shape: s, data })),
    bytes(1).map((data) => ({ dtype: 'BOOL' as const, shape: s, data })),
  );
});
const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__metadata__');

describe('safetensors', () => {
  it('gives back what was written, bit for bit', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, stored), { selector: ([key]) => key, maxLength: 6 }),
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { maxKeys: 3 }),
        (tensors, metadata) => {
          const bytes = writeSafetensors(tensors, { metadata });
          expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
          const back = readSafetensors(bytes);
          expect({ ...back.metadata }).toEqual({ ...metadata });
          expect(back.tensors.size).toBe(tensors.length);
          for (const [key, array] of tensors) {
            const got = back.tensors.get(key)!;
            expect([got.dtype, got.shape]).toEqual([array.dtype, array.shape]);
            expect(Buffer.from(got.data.buffer).equals(Buffer.from(array.data.buffer))).toBe(true);
          }
          // The same content gives the same bytes.
          expect(Buffer.from(writeSafetensors([...back.tensors].reverse(), { metadata: back.metadata })).equals(Buffer.from(bytes))).toBe(
            true,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reads a file laid out as the specification says', () => {
    const bytes = file(
      '{"b":{"dtype":"I8","shape":[2],"data_offsets":[8,10]},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"__metadata__":{"format":"pt"}}  ',
      10,
    );
    new DataView(bytes.buffer).setFloat32(bytes.length - 10, 1.5, true);
    bytes[bytes.length - 1] = 255;
    const { tensors, metadata } = readSafetensors(bytes);
    expect(metadata.format).toBe('pt');
    expect([...tensors.get('a')!.data]).toEqual([1.5, 0]);
    expect([...tensors.get('b')!.data]).toEqual([0, -1]);
  });

  it('makes halves floats on request', () => {
    const words = { F16: [0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000], BF16: [0x3f80, 0xc000, 0x0001, 0x7f7f, 0x7f80, 0x8000] };
    const values = { F16: [1, -2, 2 ** -24, 65504, Infinity, -0], BF16: [1, -2, 2 ** -133, 2 ** 127 * (2 - 2 ** -7), Infinity, -0] };
    for (const dtype of ['F16', 'BF16'] as const) {
      const bytes = writeSafetensors([['x', { dtype, shape: [6], data: Uint16Array.from(words[dtype]) }]]);
      const x = readSafetensors(bytes, { halfAsFloat: true }).tensors.get('x')!;
      expect(x.dtype).toBe('F32');
      expect([...x.data]).toEqual(values[dtype]);
      expect([...readSafetensors(bytes).tensors.get('x')!.data]).toEqual(words[dtype]);
    }
  });

  it('makes a tree of host arrays', () => {
    const bytes = writeSafetensors([
      ['dense/kernel', hostArray(Float32Array.of(1, 2), [1, 2])],
      ['dense/bias', hostArray(Int32Array.of(3))],
    ]);
    expect(hostTree(readSafetensors(bytes).tensors)).toEqual({
      dense: { bias: hostArray(Int32Array.of(3)), kernel: hostArray(Float32Array.of(1, 2), [1, 2]) },
    });
    const wide = writeSafetensors([['x', { dtype: 'F64', shape: [1], data: Float64Array.of(1) }]]);
    expect(() => hostTree(readSafetensors(wide).tensors)).toThrow(expect.objectContaining({ code: 'bad_dtype' }));
  });

  const one = (over: string) => `{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]${over}}}`;
  it.each([
    ['nothing', new Uint8Array(0)],
    ['a header longer than the file', file('{}', 0, 3)],
    ['a header of 2⁶³ bytes', (() => file('{}'))().fill(0xff, 0, 8)],
    ['an empty header', file('')],
    ['a header that starts with a space', file(' {}')],
    ['broken JSON', file('{"x":')],
    ['an array as header', file('[]')],
    ['bytes after the last array', file(one(''), 5)],
    ['a missing byte', file(one(''), 3)],
    ['an unknown dtype', file('{"x":{"dtype":"F8","shape":[4],"data_offsets":[0,4]}}', 4)],
    ['a shape that does not fit', file('{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4)],
    ['a shape whose product overflows', file('{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}', 4)],
    ['a negative dimension', file('{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4)],
    ['a dimension written 1e0', file('{"x":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}', 4)],
    ['a fractional dimension', file('{"x":{"dtype":"F32","shape":[0.5],"data_offsets":[0,4]}}', 4)],
    ['offsets the wrong way round', file('{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', 4)],
    ['one offset', file('{"x":{"dtype":"F32","shape":[1],"data_offsets":[4]}}', 4)],
    ['a gap', file('{"x":{"dtype":"I8","shape":[1],"data_offsets":[1,2]}}', 2)],
    ['an overlap', file('{"x":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"I8","shape":[2],"data_offsets":[1,3]}}', 3)],
    [
      'a name given twice',
      file('{"x":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
    ],
    [
      'a name given twice, once escaped',
      file('{"x":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"\\u0078":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
    ],
    ['a field given twice', file(one(',"dtype":"F32"'), 4)],
    ['an unknown field', file(one(',"strides":[1]'), 4)],
    ['a missing field', file('{"x":{"dtype":"F32","shape":[1]}}', 4)],
    ['metadata that is a number', file('{"__metadata__":{"a":1}}')],
    ['metadata that is a string', file('{"__metadata__":"a"}')],
    ['null as an entry', file('{"x":null}')],
    ['a BOOL of 2', file('{"x":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}', 1).fill(2, -1)],
    ['bytes that are not UTF-8', file('{"x":{}}').fill(0xff, 10, 11)],
  ])('refuses %s', (_, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(corrupt);
  });

  it('refuses to write what could not be read', () => {
    const x = hostArray(Float32Array.of(1, 2), [3]);
    expect(() => writeSafetensors([['x', x]])).toThrow(expect.objectContaining({ code: 'shape_mismatch' }));
    const fine = hostArray(Float32Array.of(1));
    for (const names of [['x', 'x'], ['__metadata__'], ['\ud800']])
      expect(() => writeSafetensors(names.map((key) => [key, fine] as const))).toThrow(expect.objectContaining({ code: 'bad_name' }));
  });

  it('answers 500 mutants with a result or a TaskloomError, in under a second', () => {
    const good = writeSafetensors(
      [
        ['dense/kernel', hostArray(new Float32Array(12).fill(0.5), [3, 4])],
        ['dense/bias', hostArray(new Int32Array(4))],
        ['mask', hostArray(new Uint8Array(5))],
      ],
      { metadata: { format: 'taskloom' } },
    );
    let refused = 0;
    const started = performance.now();
    for (let i = 0; i < 500; i++) {
      const random = hostRandom(i);
      const changes = 1 + Math.floor(random.uniform(1)[0]! * 4);
      const draws = random.fold('where').uniform(changes * 3);
      let bytes = good.slice();
      for (let j = 0; j < changes; j++) {
        // Mostly in the header, where it hurts.
        const at = Math.floor(draws[j * 3]! ** 2 * bytes.length);
        if (draws[j * 3 + 2]! < 0.8) bytes[at] = Math.floor(draws[j * 3 + 1]! * 256);
        else bytes = draws[j * 3 + 2]! < 0.9 ? bytes.slice(0, at) : Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at >> 1)]);
        if (bytes.length === 0) break;
      }
      try {
        readSafetensors(bytes, { halfAsFloat: true });
      } catch (error) {
        refused++;
        expect(TaskloomError.isInstance(error), String(error)).toBe(true);
      }
    }
    expect(performance.now() - started).toBeLessThan(1000);
    expect(refused).toBeGreaterThan(250);
  });
});
