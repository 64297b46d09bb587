/** Instructions of WebAssembly as bytes. An expression leaves one value on the stack, a statement none. */
export type Code = readonly number[];
export type Kind = 'i32' | 'f32' | 'v128';

/** A parameter or local of a function. */
export interface Variable {
  readonly get: Code;
  set(value: Code): Code;
}

export interface WasmFunction {
  readonly params: { readonly [name: string]: Kind };
  readonly locals?: { readonly [name: string]: Kind };
  readonly result?: Kind;
  /** Variables by name; `call` names a function of the module that comes before this one. */
  readonly body: (variables: { readonly [name: string]: Variable }, call: (name: string, ...args: readonly Code[]) => Code) => Code;
}

const kinds: { readonly [kind in Kind]: number } = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

function unsigned(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [low + 128, ...unsigned(Math.floor(value / 128))];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  return rest === (low & 0x40 ? -1 : 0) ? [low] : [low | 0x80, ...signed(rest)];
}

const sized = (bytes: Code): number[] => [...unsigned(bytes.length), ...bytes];
const list = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);

const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode];
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

/** Addresses are 32 bits without a sign; loads and stores are aligned to the element. */
export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  or: binary(0x72),
  less: binary(0x49),
  not: (value: Code): Code => [...value, 0x45],
  load: (at: Code): Code => [...at, 0x28, 2, 0],
};
export const f32 = { load: (at: Code): Code => [...at, 0x2a, 2, 0] };
export const f32x4 = {
  zero: [...simd(12), ...new Array<number>(16).fill(0)] as Code,
  splat: (value: Code): Code => [...value, ...simd(19)],
  load: (at: Code, offset = 0): Code => [...at, ...simd(0), 4, ...unsigned(offset)],
  store: (at: Code, value: Code, offset = 0): Code => [...at, ...value, ...simd(11), 4, ...unsigned(offset)],
  add: binary(...simd(228)),
  sub: binary(...simd(229)),
  mul: binary(...simd(230)),
  div: binary(...simd(231)),
  sqrt: (value: Code): Code => [...value, ...simd(227)],
};

export const advance = (variable: Variable, by: number): Code => variable.set(i32.add(variable.get, i32.constant(by)));
export const drop = (value: Code): Code => [...value, 0x1a];
export const when = (condition: Code, then: Code): Code => [...condition, 0x04, 0x40, ...then, 0x0b];
/** At least once. */
export const doWhile = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];
export const whileLoop = (condition: Code, body: Code): Code => when(condition, doWhile(body, condition));

/** A module that exports these functions and works on the memory `env.memory`. */
export function assemble(functions: { readonly [name: string]: WasmFunction }): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(functions);
  const names = entries.map(([name]) => name);
  const types = entries.map(([, { params, result }]) => [
    0x60,
    ...list(Object.values(params).map((kind) => [kinds[kind]])),
    ...list(result ? [[kinds[result]]] : []),
  ]);
  const bodies = entries.map(([, { params, locals = {}, body }]) => {
    const variables = Object.fromEntries(
      Object.keys({ ...params, ...locals }).map((name, index): [string, Variable] => [
        name,
        { get: [0x20, ...unsigned(index)], set: (value) => [...value, 0x21, ...unsigned(index)] },
      ]),
    );
    const code = body(variables, (name, ...args) => [...args.flat(), 0x10, ...unsigned(names.indexOf(name))]);
    return sized([...list(Object.values(locals).map((kind) => [1, kinds[kind]])), ...code, 0x0b]);
  });
  const section = (id: number, content: Code) => [id, ...sized(content)];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(2, list([[...text('env'), ...text('memory'), 2, 0, 1]])),
    ...section(3, list(names.map((_, index) => unsigned(index)))),
    ...section(7, list(names.map((name, index) => [...text(name), 0, ...unsigned(index)]))),
    ...section(10, list(bodies)),
  ]);
}
