import { TaskloomError } from '../error';
import { rowKernels } from './kernels';
import type { SparseOptimizer } from './sparse-optimizers';
import type { Terms } from './terms';

/** Bytes of rows that are fetched at once: a part of the smallest first-level caches. */
const fetched = 8192;
const page = 65_536;
const aligned = (bytes: number) => Math.ceil(bytes / 64) * 64;
/** Bytes of a list of addresses whose rows, of this many bytes each, are fetched at once. */
const aheadOf = (rowBytes: number) => 4 * Math.max(1, Math.floor(fetched / rowBytes));

/**
 * The memory of a table: for each row `parts` times `width` elements (rounded up to whole vectors) side by side, first the values; behind the rows there is
 * room for what a step brings.
 */
export class RowStore {
  readonly #size: number;
  readonly #width: number;
  readonly #lanes: number;
  readonly #parts: number;
  readonly #tableBytes: number;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: ReturnType<typeof rowKernels>;

  constructor(size: number, width: number, optimizer: SparseOptimizer) {
    this.#size = size;
    this.#width = width;
    this.#lanes = Math.ceil(width / 4) * 4;
    this.#parts = 1 + Object.keys(optimizer.fields).length;
    this.#tableBytes = aligned(size * this.#rowBytes);
    const pages = Math.ceil(this.#tableBytes / page);
    this.#memory = this.#within(() => new WebAssembly.Memory({ initial: pages }));
    this.#kernels = rowKernels(optimizer, this.#lanes, this.#memory);
  }

  get #sumBytes(): number {
    return this.#lanes * 4;
  }

  get #rowBytes(): number {
    return this.#parts * this.#sumBytes;
  }

  /** Σ weight · E[row] for each sum: [sums, width]. */
  sum({ sums, ends, rows, weights }: Terms): Float32Array {
    const [out, endsAt, terms, weightsAt] = this.#room(sums * this.#lanes, sums, rows.length, rows.length) as [
      number,
      number,
      number,
      number,
    ];
    this.#write(endsAt, ends, 4);
    this.#write(terms, rows, this.#rowBytes);
    new Float32Array(this.#memory.buffer, weightsAt).set(weights);
    const outEnd = out + sums * this.#sumBytes;
    this.#kernels.sum(out, outEnd, endsAt, terms, terms + 4 * rows.length, weightsAt, this.#sumBytes, aheadOf(this.#sumBytes));
    return this.#packed(out, sums, this.#lanes);
  }

  /** One step of the rows `names`; the gradient of each is Σ weight · gradient[row] over its terms. */
  update(names: Uint32Array, { ends, rows, weights }: Terms, gradient: Float32Array, factors: readonly number[]): void {
    const count = gradient.length / this.#width;
    const [given, own, rowsAt, endsAt, terms, weightsAt] = this.#room(
      count * this.#lanes,
      this.#lanes,
      names.length,
      names.length,
      rows.length,
      rows.length,
    ) as [number, number, number, number, number, number];
    this.#spread(given, gradient, this.#lanes);
    this.#write(rowsAt, names, this.#rowBytes);
    this.#write(endsAt, ends, 4);
    this.#write(terms, rows, this.#sumBytes, given);
    new Float32Array(this.#memory.buffer, weightsAt).set(weights);
    const rowsEnd = rowsAt + 4 * names.length;
    const ahead = aheadOf(this.#rowBytes);
    this.#kernels.update(rowsAt, rowsEnd, endsAt, terms, weightsAt, own, this.#sumBytes, ahead, ...factors);
  }

  /** A copy of the values (part 0) or of a field of the optimiser: [size, width]. */
  read(part: number): Float32Array {
    return this.#packed(part * this.#sumBytes, this.#size, this.#parts * this.#lanes);
  }

  /** A part from an array [size, width], or from one number. */
  write(part: number, from: Float32Array | number): void {
    const start = part * this.#sumBytes;
    const stride = this.#parts * this.#lanes;
    if (typeof from === 'number') {
      const to = new Float32Array(this.#memory.buffer, start);
      for (let row = 0, at = 0; row < this.#size; row++, at += stride) to.fill(from, at, at + this.#lanes);
    } else this.#spread(start, from, stride);
  }

  /** Rows of `width` elements, `stride` apart in memory from `start` on, one after the other. */
  #packed(start: number, count: number, stride: number): Float32Array {
    const from = new Float32Array(this.#memory.buffer, start);
    const width = this.#width;
    if (width === stride) return from.slice(0, count * width);
    const rows = new Float32Array(count * width);
    for (let row = 0, to = 0, at = 0; row < count; row++, at += stride) for (let k = 0; k < width; k++) rows[to++] = from[at + k]!;
    return rows;
  }

  #spread(start: number, rows: Float32Array, stride: number): void {
    const to = new Float32Array(this.#memory.buffer, start);
    const width = this.#width;
    if (width === stride) to.set(rows);
    // The lanes beyond the width stay what they are: in a sum as in a gradient they reach nothing.
    else for (let from = 0, at = 0; from < rows.length; at += stride) for (let k = 0; k < width; k++) to[at + k] = rows[from++]!;
  }

  #write(at: number, numbers: Uint32Array, factor: number, start = 0): void {
    const to = new Uint32Array(this.#memory.buffer, at, numbers.length);
    for (let i = 0; i < numbers.length; i++) to[i] = start + numbers[i]! * factor;
  }

  /** Addresses behind the table with room for these numbers of words each. */
  #room(...words: readonly number[]): number[] {
    let end = this.#tableBytes;
    const addresses = words.map((count) => {
      const start = end;
      end += aligned(count * 4);
      return start;
    });
    const lacking = Math.ceil((end - this.#memory.buffer.byteLength) / page);
    if (lacking > 0) this.#within(() => this.#memory.grow(lacking));
    return addresses;
  }

  #within<T>(allocate: () => T): T {
    try {
      return allocate();
    } catch (cause) {
      throw new TaskloomError('too_large', `There is no memory for a table of ${this.#size} rows of ${this.#rowBytes} bytes.`, {
        name: 'embeddingTable',
        expected: 'at most 4 GiB, batches included',
        remedy: 'Take fewer rows or an optimiser that keeps less.',
        cause,
      });
    }
  }
}
