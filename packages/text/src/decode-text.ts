import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TaskloomError } from '@taskloom/core/host';

export interface DecodeTextOptions {
  /** The file's name, for messages. */
  readonly name?: string;
  /** What is packed may unpack to so many bytes: a few kilobytes of gzip can hold gigabytes. @default 4 Gi */
  readonly maximumUnpackedBytes?: number;
}

/** The text of bytes in pieces of any size: UTF-8, unpacked where it begins as gzip does (bytes 1f 8b), whatever it is called. Bytes that are neither are `file_unreadable`. */
export async function* decodeText(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { name = 'the file', maximumUnpackedBytes = 2 ** 32 }: DecodeTextOptions = {},
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const { packed, all } = await peeked(bytes);
  const source: AsyncIterable<Uint8Array> = packed ? pipeline(Readable.from(all), createGunzip(), () => {}) : all;
  let size = 0;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (packed && size > maximumUnpackedBytes)
        throw new TaskloomError('file_too_large', `${name} unpacks to more than ${maximumUnpackedBytes} bytes.`, {
          name,
          remedy: 'Raise maximumUnpackedBytes if this is meant.',
        });
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new TaskloomError('file_unreadable', `${name} is not UTF-8.`, { name, remedy: 'Save it as UTF-8.', cause: error });
    if (typeof code === 'string' && code.startsWith('Z_'))
      throw new TaskloomError('file_unreadable', `${name} is not a whole gzip file.`, { name, cause: error });
    throw error;
  }
}

/** All bytes again, and whether they begin as gzip does. */
async function peeked(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<{ packed: boolean; all: AsyncGenerator<Uint8Array> }> {
  const iterator = (Symbol.asyncIterator in bytes ? bytes[Symbol.asyncIterator]() : bytes[Symbol.iterator]()) as AsyncIterator<Uint8Array>;
  const head: Uint8Array[] = [];
  const first: number[] = [];
  while (first.length < 2) {
    const { value, done } = await iterator.next();
    if (done) break;
    head.push(value);
    first.push(...value.subarray(0, 2));
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* head;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { packed: first[0] === 0x1f && first[1] === 0x8b, all: all() };
}
