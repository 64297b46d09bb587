import { advance, type Code, doWhile, drop, f32, f32x4, i32, type Variable, type WasmFunction, when, whileLoop } from './assembler';

type Variables = { readonly [name: string]: Variable };
type Call = Parameters<WasmFunction['body']>[1];

/** Bytes of a cache line. */
const line = 64;
export const unrolled = (vectors: number, code: (offset: number) => Code): Code =>
  Array.from({ length: vectors }, (_, i) => code(16 * i)).flat();

/** Reads a word of each cache line of the rows at the addresses given; that the words are returned keeps the reads from being left out. */
export const touch: WasmFunction = {
  params: { rows: 'i32', rowsEnd: 'i32', size: 'i32' },
  locals: { at: 'i32', end: 'i32', words: 'i32' },
  result: 'i32',
  body: ({ rows, rowsEnd, size, at, end, words }) => [
    ...whileLoop(i32.less(rows!.get, rowsEnd!.get), [
      ...at!.set(i32.load(rows!.get)),
      ...end!.set(i32.add(at!.get, size!.get)),
      ...doWhile([...words!.set(i32.or(words!.get, i32.load(at!.get))), ...advance(at!, line)], i32.less(at!.get, end!.get)),
      ...advance(rows!, 4),
    ]),
    ...words!.get,
  ],
};

/** Before the row that `next` points at is used: fetches it and some that follow, unless that was done. */
export const fetchAhead = (next: Variable, last: Variable, fetched: Variable, ahead: Variable, size: Code, call: Call): Code =>
  when(i32.not(i32.less(next.get, fetched.get)), [
    ...fetched.set(i32.add(next.get, ahead.get)),
    ...when(i32.less(last.get, fetched.get), fetched.set(last.get)),
    ...drop(call('touch', next.get, fetched.get, size)),
  ]);

export const clear = (vectors: number): WasmFunction => ({
  params: { at: 'i32', width: 'i32' },
  locals: { end: 'i32' },
  body: ({ at, width, end }) => [
    ...end!.set(i32.add(at!.get, width!.get)),
    ...doWhile(
      [...unrolled(vectors, (offset) => f32x4.store(at!.get, f32x4.zero, offset)), ...advance(at!, 16 * vectors)],
      i32.less(at!.get, end!.get),
    ),
  ],
});

export const addRow = (vectors: number): WasmFunction => ({
  params: { to: 'i32', from: 'i32', weight: 'f32', width: 'i32' },
  locals: { end: 'i32', factor: 'v128' },
  body: ({ to, from, weight, width, end, factor }) => {
    const added = (offset: number) => f32x4.add(f32x4.load(to!.get, offset), f32x4.mul(f32x4.load(from!.get, offset), factor!.get));
    return [
      ...factor!.set(f32x4.splat(weight!.get)),
      ...end!.set(i32.add(to!.get, width!.get)),
      ...doWhile(
        [
          ...unrolled(vectors, (offset) => f32x4.store(to!.get, added(offset), offset)),
          ...advance(to!, 16 * vectors),
          ...advance(from!, 16 * vectors),
        ],
        i32.less(to!.get, end!.get),
      ),
    ];
  },
});

/** The terms up to `until` added to the row at `to`. */
export const addTerms = ({ term, weights, width }: Variables, to: Variable, until: Code, call: Call, before: Code = []): Code =>
  whileLoop(i32.less(term!.get, until), [
    ...before,
    ...call('addRow', to.get, i32.load(term!.get), f32.load(weights!.get), width!.get),
    ...advance(term!, 4),
    ...advance(weights!, 4),
  ]);
