/** Scalars at one step, as a TensorBoard event. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly scalars: readonly (readonly [tag: string, value: number])[];
}

/** The first record of an event file. */
export function versionRecord(wallTime: number): Uint8Array {
  return record(concat([double(1, wallTime), text(3, 'brain.Event:2')]));
}

/** Tells TensorBoard that a run restarts here: what it saw of this or later steps no longer counts. */
export function restartRecord(wallTime: number, step: number): Uint8Array {
  return record(concat([double(1, wallTime), integer(2, step), bytes(7, integer(1, 1))]));
}

/** One event as a record; see tensorflow/core/util/event.proto and framework/summary.proto. */
export function scalarRecord({ wallTime, step, scalars }: ScalarEvent): Uint8Array {
  const values = scalars.map(([tag, value]) => bytes(1, concat([text(1, tag), float(2, value)])));
  return record(concat([double(1, wallTime), integer(2, step), bytes(5, concat(values))]));
}

/** TFRecord framing: length (uint64), its masked CRC, the data, their masked CRC; little-endian. */
export function record(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(16 + data.length);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return out;
}

/** CRC-32C (Castagnoli), rotated right by 15 bits plus a constant, so that a CRC over data that hold CRCs stays sound. */
export function maskedCrc32c(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = crcTable()[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

let table: Uint32Array | undefined;

function crcTable(): Uint32Array {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    return c;
  });
  return table;
}

/** Protocol buffer fields: key = number · 8 + wire type. */
function double(field: number, value: number): Uint8Array {
  const out = new Uint8Array(9);
  out[0] = field * 8 + 1;
  new DataView(out.buffer).setFloat64(1, value, true);
  return out;
}

function float(field: number, value: number): Uint8Array {
  const out = new Uint8Array(5);
  out[0] = field * 8 + 5;
  new DataView(out.buffer).setFloat32(1, value, true);
  return out;
}

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([field * 8, ...varint(value)]);
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return concat([Uint8Array.from([field * 8 + 2, ...varint(value.length)]), value]);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...out, rest];
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
