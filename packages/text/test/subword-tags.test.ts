import { TaskloomError } from '@taskloom/core/host';
import { describe, expect, it } from 'vitest';
import { characterToTokenSpans, subwordTags, tokenizer, tokenToCharacterSpans, wordsOfTokens, wordTags, wordTokens } from '../src';
import { wordPiece } from './tokenizer-files';

const { encode, encodeWords } = tokenizer(wordPiece);

describe('subwordTags', () => {
  it('continues a label or ignores what is not the first sub-word', () => {
    const { tokens, words } = encodeWords(['unaffable', 'dog', 'unaffable']);
    expect(tokens).toEqual(['un', '##aff', '##able', 'dog', 'un', '##aff', '##able']);
    const tags = ['B-kind', 'I-kind', 'O'];
    expect(subwordTags(tags, words)).toEqual(['B-kind', 'I-kind', 'I-kind', 'I-kind', 'O', 'O', 'O']);
    expect(subwordTags(tags, words, { further: 'ignore' })).toEqual(['B-kind', null, null, 'I-kind', 'O', null, null]);
    expect(() => subwordTags(['O'], words)).toThrow(TaskloomError);
  });

  it('goes back by first sub-words, and gives O where there is none', () => {
    expect(wordTags(['B-a', 'O', 'I-a', null], [0, 0, 1, -1], 3)).toEqual(['B-a', 'I-a', 'O']);
  });

  it('finds words by offsets, past special tokens', () => {
    const text = ' Unaffable,  dog zebra';
    const { offsets, tokens } = encode(text);
    const words = wordsOfTokens(offsets, wordTokens(text).offsets);
    expect(tokens).toEqual(['[CLS]', 'un', '##aff', '##able', '[UNK]', 'dog', '[UNK]', '[SEP]']);
    expect([...words]).toEqual([-1, 0, 0, 0, 1, 2, 3, -1]);
    expect(wordsOfTokens(Int32Array.of(0, 1, 5, 6), new Int32Array(0))).toEqual(Int32Array.of(-1, -1));
  });
});

describe('spans in sub-words', () => {
  it('are of the text that is meant, and in no special token', () => {
    const { offsets, sequences, tokens } = encode('unaffable dog', { pair: 'dog unaffable' });
    const spans = [{ start: 0, end: 3, label: 'x' }];
    const [first] = characterToTokenSpans(spans, offsets, { sequences });
    expect(tokens.slice(first!.start, first!.end)).toEqual(['un', '##aff']);
    const [second] = characterToTokenSpans(spans, offsets, { sequences, sequence: 1 });
    expect(tokens.slice(second!.start, second!.end)).toEqual(['dog']);
    expect(tokenToCharacterSpans([second!], offsets)).toEqual(spans);
  });

  it('keep the marks that BERT takes away', () => {
    const text = 'dog\u0301 ca\u0301t';
    const { offsets } = encode(text, { special: false });
    expect([...offsets]).toEqual([0, 4, 5, 9]);
  });
});
