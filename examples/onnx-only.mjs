// node examples/onnx-only.mjs <export> "a text": asks an export with the default hashed features of tokens, by onnxruntime-node and nothing else.
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [folder, text] = process.argv.slice(2);
const read = async (name) => JSON.parse(await readFile(`${folder}/${name}.json`, 'utf8'));
const [{ wordPattern, hashing, perToken, maxTokens, forms }, labels] = [await read('features'), await read('labels')];
const hash = (string) => Buffer.from(string).reduce((h, byte) => Math.imul(h ^ byte, 0x01000193), 0x811c9dc5);
const mix = (h, shift, by) => Math.imul(h ^ (h >>> shift), by);
const bucket = (h, count) => ((m) => 1 + (((m ^ (m >>> 16)) & 0x7fffffff) % count))(mix(mix(h, 16, 0x85ebca6b), 13, 0xc2b2ae35));
const letters = (word) => word.replace(/\p{Lu}/gu, 'X').replace(/(?!X)[\p{L}\p{M}]/gu, 'x');
const numbers = (word) => letters(word).replace(/\p{N}/gu, 'd');
const form = (word) => numbers(word).replace(/(X|x|d)\1{3,}/g, '$1$1$1'); // how a word looks: Xxx, XX-ddd
function idsOf(piece) {
  const word = piece.normalize('NFKC').toLowerCase();
  const marked = [...`<${word}>`];
  const grams = [];
  for (let at = 0; at < marked.length; at++)
    for (let n = hashing.characters[0]; n <= hashing.characters[1] && at + n <= marked.length; n++)
      grams.push(hashing.buckets.words + bucket(hash(marked.slice(at, at + n).join('')), hashing.buckets.characters));
  const room = Math.min(perToken - 2, grams.length); // if there are too many, evenly spaced ones
  const kept = Array.from({ length: room }, (_, i) => grams[Math.round((i * (grams.length - 1)) / Math.max(1, room - 1))]);
  const ids = [bucket(hash(word), hashing.buckets.words), forms.first + ((hash(form(piece)) >>> 0) % forms.count), ...kept];
  return [...ids, ...Array(perToken).fill(0)].slice(0, perToken);
}
const words = (text.match(new RegExp(wordPattern, 'gu')) ?? []).slice(0, maxTokens);
const session = await InferenceSession.create(`${folder}/model.onnx`);
const inputs = { ids: new Tensor('int32', words.flatMap(idsOf), [1, words.length, perToken]), pairs: new Tensor('int32', [], [0, 2]) };
const answers = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, inputs[name]])));
for (const task of Object.keys(labels)) console.log(task, labels[task][answers[`${task}/label`]?.data[0]] ?? '–');
