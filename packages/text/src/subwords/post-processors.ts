/** A part of what a post-processor makes: one of the two texts, or a special token. */
export type Part = { readonly sequence: 0 | 1 } | { readonly id: number; readonly token: string };

export interface PostProcessor {
  readonly single: readonly Part[];
  readonly pair: readonly Part[];
  /** Whether leading and trailing spaces of byte-level tokens are outside their offsets; `prefix`: one was put before the text. */
  readonly trim?: { readonly prefix: boolean };
}

type Config = { readonly type: string; readonly [option: string]: unknown };

const first: Part = { sequence: 0 };
const second: Part = { sequence: 1 };

/** The `post_processor` of a tokenizer.json. Throws for a type that it does not know. */
export function postProcessor(section: unknown): PostProcessor {
  const plain: PostProcessor = { single: [first], pair: [first, second] };
  if (section === null || section === undefined) return plain;
  const config = section as Config;
  switch (config.type) {
    case 'Sequence':
      return (config.processors as Config[]).map(postProcessor).reduce(combined, plain);
    case 'ByteLevel':
      return { ...plain, ...trimOf(config) };
    case 'BertProcessing': {
      const { cls, sep } = ends(config);
      return { single: [cls, first, sep], pair: [cls, first, sep, second, sep] };
    }
    case 'RobertaProcessing': {
      const { cls, sep } = ends(config);
      return { single: [cls, first, sep], pair: [cls, first, sep, sep, second, sep], ...trimOf(config) };
    }
    case 'TemplateProcessing':
      return { single: template(config, 'single'), pair: template(config, 'pair') };
    default:
      throw new Error(`the post-processor '${config.type}' is not known`);
  }
}

function combined(a: PostProcessor, b: PostProcessor): PostProcessor {
  return { single: b.single.length > 1 ? b.single : a.single, pair: b.pair.length > 2 ? b.pair : a.pair, trim: b.trim ?? a.trim };
}

function trimOf({ trim_offsets: trim = true, add_prefix_space: prefix = true }: Config): Pick<PostProcessor, 'trim'> {
  return trim ? { trim: { prefix: prefix === true } } : {};
}

function ends({ cls, sep }: Config): { cls: Part; sep: Part } {
  const part = (given: unknown): Part => {
    const [token, id] = given as [string, number];
    return { id, token };
  };
  return { cls: part(cls), sep: part(sep) };
}

function template(config: Config, name: 'single' | 'pair'): Part[] {
  const specials = (config.special_tokens ?? {}) as { readonly [name: string]: { readonly ids: number[]; readonly tokens: string[] } };
  return (config[name] as { Sequence?: { id: string }; SpecialToken?: { id: string } }[]).flatMap(({ Sequence, SpecialToken }): Part[] => {
    if (Sequence) return [Sequence.id === 'B' ? second : first];
    const { ids, tokens } = specials[SpecialToken!.id]!;
    return ids.map((id, i) => ({ id, token: tokens[i]! }));
  });
}
