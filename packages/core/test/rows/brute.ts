import type { HostArray } from '../../src/host-array';

const round = Math.fround;
/** New values of one element from its gradient and its old ones: the value, then the fields. */
type Rule = (gradient: number, old: readonly number[]) => readonly number[];

export const bruteSgd = (rate: number): Rule => {
  const a = round(rate);
  return (g, [x]) => [round(x! - round(g * a))];
};

export const bruteAdagrad = (rate: number): Rule => {
  const [a, least] = [round(rate), round(1e-10)];
  return (g, [x, s]) => {
    const sum = round(s! + round(g * g));
    return [round(x! - round(round(g * a) / round(round(Math.sqrt(sum)) + least))), sum];
  };
};

export const bruteAdam = (rate: number, t: number): Rule => {
  const [b1, a1, b2, a2] = [0.9, 1 - 0.9, 0.999, 1 - 0.999].map(round) as [number, number, number, number];
  const a = round(rate / -Math.expm1(t * Math.log(0.9)));
  const root = round(1 / Math.sqrt(-Math.expm1(t * Math.log(0.999))));
  const least = round(1e-8);
  return (g, [x, m, v]) => {
    const mean = round(round(m! * b1) + round(g * a1));
    const variance = round(round(v! * b2) + round(round(g * g) * a2));
    return [round(x! - round(round(mean * a) / round(round(round(Math.sqrt(variance)) * root) + least))), mean, variance];
  };
};

/** What `embeddingTable` does, one float32 operation after another. */
export function bruteTable(values: HostArray, fields: { readonly [field: string]: number }) {
  const [size, width] = values.shape as [number, number];
  const arrays = [values.data.slice() as Float32Array, ...Object.values(fields).map((start) => new Float32Array(size * width).fill(start))];
  const weightsOf = (ids: HostArray['data'], combiner: string): number[] => {
    const count = ids.filter((id) => id !== 0).length;
    const each = combiner === 'sum' ? 1 : combiner === 'mean' ? 1 / count : 1 / Math.sqrt(count);
    return [...ids].map((id) => round(Math.sign(id) * each));
  };
  const rowsOf = ({ data, shape }: HostArray) =>
    Array.from({ length: shape[0]! }, (_, i) => data.slice(i * shape[1]!, (i + 1) * shape[1]!));
  return {
    arrays,
    bag(ids: HostArray, combiner: string): Float32Array {
      const out = new Float32Array(ids.shape[0]! * width);
      for (const [i, row] of rowsOf(ids).entries()) {
        const weights = weightsOf(row, combiner);
        for (const [l, id] of row.entries())
          if (id !== 0) for (let k = 0; k < width; k++) out[i * width + k]! += round(arrays[0]![Math.abs(id) * width + k]! * weights[l]!);
      }
      return out;
    },
    update(ids: HostArray, combiner: string, gradient: HostArray, rule: Rule): void {
      const gradients = new Map<number, Float32Array>();
      for (const [i, row] of rowsOf(ids).entries()) {
        const weights = weightsOf(row, combiner);
        for (const [l, id] of row.entries()) {
          if (id === 0) continue;
          const own = gradients.get(Math.abs(id)) ?? new Float32Array(width);
          gradients.set(Math.abs(id), own);
          for (let k = 0; k < width; k++) own[k]! += round(gradient.data[i * width + k]! * weights[l]!);
        }
      }
      for (const [row, own] of gradients)
        for (let k = 0; k < width; k++) {
          const at = row * width + k;
          for (const [i, value] of rule(
            own[k]!,
            arrays.map((array) => array[at]!),
          ).entries())
            arrays[i]![at] = value;
        }
    },
  };
}
