/** What arithmetic on constants of one repeated number gives, in the precision of the type. Operators that round differently elsewhere are not here. */
const binary: { readonly [op: string]: (a: number, b: number) => number } = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Max: (a, b) => Math.max(a, b),
  Min: (a, b) => Math.min(a, b),
};

const unary: { readonly [op: string]: (a: number) => number } = {
  Neg: (a) => -a,
  Abs: Math.abs,
  Sqrt: Math.sqrt,
  Reciprocal: (a) => 1 / a,
};

export function foldBinary(op: string, a: number, b: number, dtype: string): number | undefined {
  const compute = binary[op];
  if (!compute || (dtype !== 'float32' && dtype !== 'int32')) return undefined;
  if (dtype === 'int32' && op === 'Div') return undefined;
  return dtype === 'float32' ? Math.fround(compute(a, b)) : compute(a, b) | 0;
}

export function foldUnary(op: string, a: number, dtype: string): number | undefined {
  const compute = unary[op];
  return compute && dtype === 'float32' ? Math.fround(compute(a)) : undefined;
}
