/** A SentencePiece unigram model (a protocol-buffers file) as a tokenizer.json, the way `SentencePieceUnigramTokenizer` of `tokenizers` makes it. */
export function sentencePieceTokenizer(file: Uint8Array): object {
  const vocab: [string, number][] = [];
  let unknown = 0;
  let charsmap = '';
  for (const { field, bytes } of fields(file)) {
    const inner = fields(bytes);
    if (field === 1) {
      const score = inner.find((one) => one.field === 2)?.bytes;
      if (inner.find((one) => one.field === 3)?.number === 2) unknown = vocab.length;
      vocab.push([
        new TextDecoder().decode(inner.find((one) => one.field === 1)!.bytes),
        score ? new DataView(score.buffer, score.byteOffset).getFloat32(0, true) : 0,
      ]);
    } else if (field === 3) charsmap = Buffer.from(inner.find((one) => one.field === 2)!.bytes).toString('base64');
  }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Precompiled', precompiled_charsmap: charsmap },
        { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
      ],
    },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: null,
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    model: { type: 'Unigram', unk_id: unknown, vocab, byte_fallback: false },
  };
}

interface Field {
  readonly field: number;
  readonly number: number;
  readonly bytes: Uint8Array;
}

function fields(file: Uint8Array): Field[] {
  const out: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = file[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < file.length) {
    const key = varint();
    const number = (key & 7) === 0 ? varint() : 0;
    const length = [0, 8, (key & 7) === 2 ? varint() : 0, 0, 0, 4][key & 7]!;
    out.push({ field: key >>> 3, number, bytes: file.subarray(at, at + length) });
    at += length;
  }
  return out;
}
