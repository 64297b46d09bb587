import { TaskloomError } from '@taskloom/core';
import { linesOf, type OpenDataset, type OutputFile } from './open-dataset';

/** Rows, and SHA-256 of the converted file. */
type Known = readonly [rows: number, sha256?: string];

/**
 * What the files must be. The checksums were taken from copies of the origin's train and validation files, line by line. None is known for the test files (we hold a random half of each) nor for the
 * training file of sentiment (we hold one rebuilt from SemEval's files): of these the rows are counted, and no more is promised.
 */
const known: { readonly [folder: string]: { readonly classes: number; readonly train: Known; readonly val: Known; readonly test: Known } } =
  {
    emoji: {
      classes: 20,
      train: [45000, '1dcc104f9dabbe57a3a2efc1014f170c3ddfd5965605dbd0379b55f6c57fbdad'],
      val: [5000, '45dcf1d73ea49a547dd82220b8932886f4102afb462cb93ef62f2feca501d4c8'],
      test: [50000],
    },
    emotion: {
      classes: 4,
      train: [3257, 'e111279cda0c615ad9592f955120b8396a37a160eba3cb7e4488a0635ab580e2'],
      val: [374, '32b26f9ffbabc48f5dfd59287e3aca7695780ebb4097224cde3ccc4172d53bff'],
      test: [1421],
    },
    hate: {
      classes: 2,
      train: [9000, 'd0f0df27e63527894559b11fd11071f93657e19e4affb33a5140e7a3cc2312db'],
      val: [1000, 'c075a9988aa251c6a2a4246ab088a80dd5adebeba3be01fbb4215d4031131155'],
      test: [2970],
    },
    irony: {
      classes: 2,
      train: [2862, '383d1a32fc15a10d4072b78f276989b3277a4ff9a4a82f30c1798f28a08180ee'],
      val: [955, '5b0d5e8e9e1038767826ccda2023d9a12a64e551d65883d01491d3967a855415'],
      test: [784],
    },
    offensive: {
      classes: 2,
      train: [11916, '053b9b812efb80a61ed7c372fb6da8ee15f14d7ddf7281436d5b9c0bdca94767'],
      val: [1324, 'cb9edd6213d35928396c140eff5a323882f959f163438aa015ada6438c4b4ddb'],
      test: [860],
    },
    sentiment: {
      classes: 3,
      train: [45615],
      val: [2000, 'cf66002229ff565c99cb9a5afd5308620930e6f3ccf6563f4a31677dff9bef82'],
      test: [12284],
    },
    'stance/abortion': {
      classes: 3,
      train: [587, 'e80bab4cd63eb2fe2588b7f9d44a0fada113bc6f1596a8f4f2ba2fb39175e258'],
      val: [66, 'a8e812fc986a9e611d24f818539aa580c1554a007eea0655018fbee9d04a444c'],
      test: [280],
    },
    'stance/atheism': {
      classes: 3,
      train: [461, 'f3f621a04c63c0129a0b69ad76d4a8208b7d9b27dca464dc1910044401769b5a'],
      val: [52, '10a8806242f56b24288a57e88db06b6042af5403f26261fb341d7c3a12a6de74'],
      test: [220],
    },
    'stance/climate': {
      classes: 3,
      train: [355, '377ac26b3e53ba57a625ebd38e6bf2792b9dbdbca92b5cc200247c3180c2097f'],
      val: [40, '6b0b1525bacb6aaf1578fca2b6245562a070b861ad3768a15fe1b336002a1787'],
      test: [169],
    },
    'stance/feminist': {
      classes: 3,
      train: [597, 'ca3ae47fa52bb32e495818b50f8b4ea8b0c0d9262ef25586ccc1f947fb566b0b'],
      val: [67, '062017b277d5e40aeffcba6e7ed6d481ae919da518e7975d80c2d2e6d5249c03'],
      test: [285],
    },
    'stance/hillary': {
      classes: 3,
      train: [620, 'f2797abb2c6b0234d2096b1e27d0aa82a400c41963b7b5382904406bca248ca2'],
      val: [69, 'c1bc8868e18a60e6da9771eabf87e783f1e4eb124705d2bf607994a67e841c6a'],
      test: [295],
    },
  };

/** TweetEval (Barbieri et al. 2020, arXiv:2010.12421): seven tasks on tweets. */
export const tweeteval: OpenDataset = {
  name: 'tweeteval',
  title: 'TweetEval: emoji, emotion, hate, irony, offensive, sentiment, stance (five targets)',
  repository: 'cardiffnlp/tweeteval',
  refs: ['4fbd22cd7842', 'main'],
  folder: 'datasets',
  licence:
    'its README: "released without any restrictions but restrictions may apply to individual tasks (which are derived from existing datasets) or Twitter"',
  files: [
    ...Object.entries(known).flatMap(([folder, { classes, ...splits }]) =>
      Object.entries(splits).map(([split, [lines, sha256]]): OutputFile => {
        const from = [`${folder}/${split}_text.txt`, `${folder}/${split}_labels.txt`];
        return {
          path: `${folder}/${split}.jsonl.gz`,
          from,
          convert: ([texts, labels]) => rows(texts!, labels!, from, classes, split === 'test'),
          lines,
          ...(sha256 ? { sha256 } : {}),
        };
      }),
    ),
    ...['emoji', 'emotion', 'hate', 'irony', 'offensive', 'sentiment', 'stance'].map((folder): OutputFile => {
      const path = `${folder}/mapping.txt`;
      return { path: `${folder}/mapping.json`, from: [path], convert: ([text]) => mapping(text!) };
    }),
  ],
};

/** `{"text","label"}` a line; a test row carries `i`, its number in the original file. */
function rows(text: string, labels: string, [textPath, labelPath]: readonly string[], classes: number, numbered: boolean): string {
  const [texts, numbers] = [linesOf(text), linesOf(labels)];
  if (texts.length !== numbers.length)
    throw new TaskloomError('bad_data', `'${textPath}' and '${labelPath}' do not belong together.`, {
      name: textPath,
      got: `${texts.length} texts, ${numbers.length} labels`,
    });
  return texts
    .map((line, i) => {
      const label = Number(numbers[i]);
      if (!/^\d+$/.test(numbers[i]!) || label >= classes)
        throw new TaskloomError('bad_data', `'${labelPath}', line ${i + 1} is not a class.`, {
          name: labelPath,
          got: numbers[i],
          expected: `0 … ${classes - 1}`,
        });
      return `${JSON.stringify({ text: line, label, ...(numbered ? { i } : {}) })}\n`;
    })
    .join('');
}

/** Lines `number <tab> name [<tab> more]` as an object; a list where there is more than a name. */
function mapping(text: string): string {
  const entries = linesOf(text).flatMap((line) => {
    const [key, ...names] = line.split('\t').filter((part) => part !== '');
    return key === undefined ? [] : [[key, names.length === 1 ? names[0] : names]];
  });
  return `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`;
}
