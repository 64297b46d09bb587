import { TaskloomError } from '@taskloom/core';

/** Vectors of words, in the order of their file. */
export interface WordVectors {
  readonly width: number;
  readonly words: ReadonlyMap<string, Float32Array>;
}

const widest = 4096;

/**
 * Reads a text file of word vectors: lines of a word and its numbers, blanks between them (GloVe), possibly after one of two counts (word2vec, fastText). Of a word that stands twice the
 * first vector counts. Words that `keep` does not want, told their place in the file, are passed over unread. Throws `bad_data` with the line.
 */
export function readWordVectors(text: string, file: string, keep: (word: string, place: number) => boolean = () => true): WordVectors {
  const words = new Map<string, Float32Array>();
  let width = 0;
  let place = 0;
  for (let start = 0, line = 1; start < text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const own = text.slice(start, end).trimEnd();
    start = end + 1;
    if (own === '' || (line === 1 && /^\d+ \d+$/.test(own))) continue;
    if (!keep(own.slice(0, Math.max(0, own.indexOf(' '))), place++)) continue;
    const fields = own.split(' ');
    if (width === 0) width = fields.length - 1;
    const numbers = Float32Array.from(fields.slice(1), (field) => (field === '' ? Number.NaN : Number(field)));
    if (width < 1 || width > widest || numbers.length !== width || !numbers.every(Number.isFinite))
      throw new TaskloomError('bad_data', `${file}, line ${line}: this is no word vector.`, {
        name: file,
        expected: width >= 1 && width <= widest ? `a word and ${width} numbers` : `a word and 1 to ${widest} numbers`,
        got: fields.length > 9 ? `${fields.slice(0, 6).join(' ').slice(0, 80)} …, ${fields.length} fields` : fields.join(' ').slice(0, 80),
      });
    if (!words.has(fields[0]!)) words.set(fields[0]!, numbers);
  }
  if (place === 0) throw new TaskloomError('bad_data', `'${file}' has no word vectors.`, { name: file });
  return { width, words };
}
