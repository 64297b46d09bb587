import { TaskloomError } from '@taskloom/core/host';

/** What `metadata` put into a model's bytes (`metadata_props`), without reading the rest of it. Throws `file_corrupt`. */
export function readOnnxMetadata(model: Uint8Array): { readonly [key: string]: string } {
  const found: [string, string][] = [];
  for (const { field, bytes } of fields(model))
    if (field === 14 && bytes) {
      const entry: { [field: number]: string } = {};
      for (const part of fields(bytes)) if (part.bytes) entry[part.field] = text(part.bytes);
      found.push([entry[1] ?? '', entry[2] ?? '']);
    }
  return Object.fromEntries(found);
}

/** The fields of a message of protocol buffers, one level deep. */
function* fields(message: Uint8Array): Generator<{ readonly field: number; readonly bytes?: Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw corrupt();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw corrupt();
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (field === 0) throw corrupt();
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      if (at + length > message.length) throw corrupt();
      yield { field, bytes: message.subarray(at, at + length) };
      at += length;
    } else throw corrupt();
    if (at > message.length) throw corrupt();
  }
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw corrupt();
  }
}

function corrupt(): TaskloomError {
  return new TaskloomError('file_corrupt', 'This is no ONNX model, or it is cut off.', { name: 'model' });
}
