import { type Json, TaskloomError } from '@taskloom/core/host';
import { sectionFault } from './tokenizer-sections';

interface Checked {
  readonly config: Json;
  readonly maximum: number;
  readonly specials: ReadonlyMap<string, number>;
}

const largestId = 2 ** 24;
const sections = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const;

/** Refuses a tokenizer.json that is misshapen, too large, or has a pattern that may take exponential time. */
export function checkTokenizer(json: unknown): Checked {
  const config = typeof json === 'string' ? parse(json) : json;
  const file = object(config, 'tokenizer.json');
  const model = object(file.model, 'model');
  const ids = vocabularyIds(model);
  const specials = new Map<string, number>();
  const added = file.added_tokens ?? [];
  if (!Array.isArray(added)) invalid('added_tokens', added, 'an array');
  for (const entry of added as unknown[]) {
    const { content, id, special } = object(entry, 'added_tokens');
    if (typeof content !== 'string' || content === '') invalid('added_tokens', content, 'a token with content');
    ids.push(checkId(id, content as string));
    if (special === true) specials.set(content as string, (id as number) + 1);
  }
  if (ids.length === 0) invalid('vocab', 'no tokens', 'a vocabulary');
  for (const section of sections) {
    const fault = sectionFault(file[section]);
    if (fault) invalid(section, fault, 'a section that can be run safely');
  }
  if (model.dropout) invalid('model.dropout', model.dropout, 'none: encoding must not be random');
  const complete = { ...file, added_tokens: added, ...Object.fromEntries(sections.map((section) => [section, file[section] ?? null])) };
  return { config: complete as Json, maximum: ids.reduce((a, b) => Math.max(a, b), 0) + 1, specials };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new TaskloomError('tokenizer_invalid', 'The tokenizer.json is not JSON.', { name: 'tokenizer.json', cause });
  }
}

/** Ids of the model's vocabulary: a map from token to id (WordPiece, BPE), or pairs of token and score (Unigram). */
function vocabularyIds(model: Record<string, unknown>): number[] {
  const { vocab } = model;
  if (Array.isArray(vocab)) {
    if (vocab.length > largestId) invalid('vocab', vocab.length, `at most ${largestId} tokens`);
    for (const entry of vocab as unknown[])
      if (!Array.isArray(entry) || typeof entry[0] !== 'string' || typeof entry[1] !== 'number') invalid('vocab', entry, '[token, score]');
    return vocab.map((_, i) => i);
  }
  return Object.entries(object(vocab, 'vocab')).map(([token, id]) => checkId(id, token));
}

function checkId(id: unknown, token: string): number {
  if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= largestId)
    invalid(`id of '${token}'`, id, `an integer from 0 to ${largestId - 1}`);
  return id as number;
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return invalid(name, value, 'an object');
}

function invalid(name: string, got: unknown, expected: string): never {
  throw new TaskloomError('tokenizer_invalid', `The tokenizer.json is not usable at '${name}'.`, { name, got, expected });
}
