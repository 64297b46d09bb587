import { type DataProvider, memoryData, type Row } from '@taskloom/pipeline';
import pairsTrain from '../../apps/reference/data/support/pairs.train.jsonl?raw';
import pairsValidation from '../../apps/reference/data/support/pairs.validation.jsonl?raw';
import train from '../../apps/reference/data/support/train.jsonl?raw';
import validation from '../../apps/reference/data/support/validation.jsonl?raw';

/** Messages, first to last. */
export const messages = rows(train);

/** What the support config reads, the same in Node and in a browser; few validation rows, since training is what is compared. */
export const supportData: DataProvider = memoryData({
  'train.jsonl': messages,
  'pairs.train.jsonl': rows(pairsTrain),
  'validation.jsonl': rows(validation).slice(0, 8),
  'pairs.validation.jsonl': rows(pairsValidation).slice(0, 8),
});

function rows(text: string): Row[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}
