import { TaskloomError } from '@taskloom/core';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../src/config';
import { suggestion } from '../src/strict-object';

const stance = { name: 'climate', head: 'classification', labels: ['none', 'against', 'favor'], data: { train: 'stance.jsonl' } };
const task = { name: 'topic', head: 'classification', data: { train: 'train.jsonl' } };

const tags = { name: 'tags', head: 'tagging', data: { train: 'train.jsonl' } };
const joined = (b: object) => ({ kind: 'joined', parts: { a: { kind: 'bagOfEmbeddings' }, b } });

function messageOf(config: unknown): string {
  try {
    resolveConfig(config);
  } catch (error) {
    if (TaskloomError.isInstance(error) && error.code === 'bad_config') return error.message;
    throw error;
  }
  throw new Error('The config was accepted.');
}

describe('resolveConfig', () => {
  it('fills in every default', () => {
    const config = resolveConfig({ tasks: [task] });
    expect(config.features).toMatchObject({ kind: 'hashed', buckets: 16_384 });
    expect(config.trunk).toMatchObject({ kind: 'bagOfEmbeddings', width: 64 });
    expect(config.training).toMatchObject({ batchSize: 32, optimizer: 'adamw', schedule: 'cosine' });
    expect(config.tasks[0]).toMatchObject({ weight: 1, columns: { label: 'label' } });
  });

  it.each([
    [{ tasks: [task], training: { learningrate: 1 } }, "training.learningrate: Unknown key 'learningrate'. Did you mean 'learningRate'?"],
    [{ tasks: [task], training: { learning_rate: 1 } }, "Did you mean 'learningRate'?"],
    [{ tasks: [task], trainnig: {} }, "trainnig: Unknown key 'trainnig'. Did you mean 'training'?"],
    [{ tasks: [{ ...task, head: 'clasification' }] }, "tasks[0].head: 'clasification' is none of"],
    [{ tasks: [{ ...task, head: 'clasification' }] }, "Did you mean 'classification'?"],
    [{ tasks: [{ ...task, colums: {} }] }, "tasks[0].colums: Unknown key 'colums'. Did you mean 'columns'?"],
    [{ tasks: [task], trunk: { kind: 'textCnn' } }, "Did you mean 'textCNN'?"],
    [{ tasks: [task], training: { optimizer: 'adamW2' } }, "Did you mean 'adamw'?"],
    [{ tasks: [task], training: { batchSize: -1 } }, 'training.batchSize: '],
    [{ tasks: [task, task] }, "tasks[1].name: Two tasks are called 'topic'."],
    [{ tasks: [] }, 'At least one task'],
    [{ tasks: [task], training: { steps: 1, epochs: 1 } }, "Give 'steps' or 'epochs', not both."],
    [
      { tasks: [task], training: { tables: 'touched', optimizer: 'lion' } },
      "training.tables: 'lion' moves whole tables; adamw, adam, adagrad can move rows.",
    ],
    [{ tasks: [task], training: { average: { after: 0.5 }, ema: 0.9 } }, "training.average: Give 'average' or 'ema', not both."],
    [{ tasks: [task], training: { tables: 'touched', ema: 0.9 } }, "training.tables: 'ema' averages whole tables."],
    [{ tasks: [task], training: { tables: 'touched', balancer: 'moco' } }, "training.tables: 'moco' needs whole tables in each step."],
    [{ tasks: [task], training: { tables: 'touched', balancer: 'famo' } }, "training.tables: 'famo' needs whole tables in each step."],
    [{ tasks: [{ name: 'x', head: 'tagging', data: { train: 'a' } }] }, 'Tags need a trunk'],
    [{ tasks: [{ name: 'x', head: 'ordinal', data: { train: 'a' } }] }, 'tasks[0].labels: '],
    [{ tasks: [task], trunk: { kind: 'transformer', width: 10, heads: 4 } }, 'not a multiple'],
    [{ tasks: [task], trunk: joined({ kind: 'transformer', width: 10, heads: 4 }) }, 'trunk.parts.b.heads: The width 10 is not a multiple'],
    [{ tasks: [task], trunk: joined({ kind: 'textCnn' }) }, "trunk.parts.b.kind: 'textCnn' is none of"],
    [{ tasks: [task], trunk: { kind: 'joined', parts: {} } }, 'trunk.parts: At least one part is needed.'],
    [{ tasks: [task], trunk: { kind: 'joined', parts: { 'a/b': { kind: 'textCNN' } } } }, 'A part is named by letters and digits.'],
    [{ tasks: [tags], trunk: joined({ kind: 'textCNN' }) }, "Tags need a trunk that returns single tokens, and 'joined' here"],
    [{ tasks: [tags], trunk: { kind: 'textCNN', pool: 'filters' } }, "and 'textCNN' here returns only"],
    [
      { tasks: [task], tokenFeatures: { kind: 'hashed' } },
      "tokenFeatures: Features of tokens stand beside those of a bag where the trunk is 'joined'",
    ],
    [{ tasks: [task], tokenFeatures: { kind: 'hashed' }, trunk: { kind: 'joined', parts: { b: { kind: 'textCNN' } } } }, 'tokenFeatures: '],
    [
      { tasks: [task], features: { kind: 'tokenizer', file: 't.json' }, trunk: joined({ kind: 'textCNN' }) },
      "features.kind: Beside an encoder of tokens a bag has 'hashed' or 'vocabulary' features",
    ],
    [
      { tasks: [task], trunk: joined({ kind: 'textCNN' }), tokenFeatures: { kind: 'hashed', characters: [4, 3] } },
      'tokenFeatures.characters: The shortest n-gram comes first.',
    ],
    [{ tasks: [task], trunk: { kind: 'linear' } }, "trunk.kind: 'linear' is none of"],
    [{ tasks: [task], trunk: { kind: 'joined', parts: { linear: { kind: 'linear' } } } }, 'trunk.parts.linear: A linear part stands last'],
    [{ tasks: [task], trunk: { kind: 'joined', parts: { l: { kind: 'linear' }, b: { kind: 'bagOfEmbeddings' } } } }, 'trunk.parts.l: '],
    [
      { tasks: [task], trunk: { kind: 'bagOfEmbeddings', bags: ['words', 'openings'] } },
      "trunk.bags: There is no bag 'openings': these features have 'words', 'characters'.",
    ],
    [{ tasks: [task], trunk: joined({ kind: 'linear', bags: { word: 1 } }) }, ".bags: There is no bag 'word'"],
    [{ tasks: [task], trunk: joined({ kind: 'linear', scale: { other: 1 } }) }, ".scale.other: There is no task 'other'."],
    [{ tasks: [task], trunk: joined({ kind: 'linear', scale: { [task.name]: -1 } }) }, '.scale'],
    [{ tasks: [tags], trunk: joined({ kind: 'linear' }) }, 'tasks[0].head: Beside a linear part heads classify single texts.'],
    [{ tasks: [task], trunk: joined({ kind: 'linear' }), gating: { kind: 'mmoe' } }, 'gating: The scores of a linear part'],
    [{ tasks: [{ ...task, finer: 'b' }] }, 'tasks[0].finer: It is the scores of a linear part that finer labels add to'],
    [{ tasks: [{ ...task, finer: 'b' }], trunk: joined({ kind: 'linear' }) }, "tasks[0].finer: There is no other task 'b'."],
    [{ tasks: [{ ...task, finer: task.name }], trunk: joined({ kind: 'linear' }) }, 'tasks[0].finer: There is no other task'],
    [
      {
        tasks: [
          { ...task, finer: 'b' },
          { ...task, name: 'b', data: { train: 'other.jsonl' } },
        ],
        trunk: joined({ kind: 'linear' }),
      },
      "tasks[0].finer: 'b' labels other rows",
    ],
    [{ tasks: [task], features: { kind: 'vocabulary', vectorWords: 5 } }, 'features.vectorWords: There is no file of vectors'],
    [{ tasks: [{ ...task, members: [0, 3] }] }, 'tasks[0].members'],
    [
      { tasks: [{ ...task, metrics: ['macroRecal'] }] },
      "tasks[0].metrics[0]: There is no metric 'macroRecal'. Did you mean 'macroRecall'?",
    ],
    [{ tasks: [{ ...task, metrics: ['spanF1'] }] }, "tasks[0].metrics[0]: 'spanF1' does not judge classification. These do: accuracy, "],
    [{ tasks: [{ ...task, metrics: ['accuracy', 'accuracy'] }] }, 'A metric is given twice.'],
    [{ tasks: [{ ...task, metrics: [] }] }, 'At least one metric is needed.'],
    [{ tasks: [{ ...task, metrics: [{ f2: 'a' }] }] }, "not by 'f2'. Did you mean 'f1'?"],
    [{ tasks: [{ ...task, metrics: [{ f1: [] }] }] }, "'f1' takes a label or a list of labels, as text."],
    [{ tasks: [{ ...task, metrics: [{ f1: 1 }] }] }, "'f1' takes a label or a list of labels, as text."],
    [{ tasks: [{ ...task, metrics: [{ f1: ['a', 'a'] }] }] }, 'A label is given twice.'],
    [{ tasks: [{ ...task, metrics: [{ f1: 'a', recall: 'b' }] }] }, 'A metric is a name, or one score of some labels'],
    [
      { tasks: [{ ...stance, metrics: [{ f1: ['agianst', 'favor'] }] }] },
      "'agianst' is none of the labels none, against, favor. Did you mean 'against'?",
    ],
    [{ tasks: [{ ...stance, metrics: ['f1'] }] }, "'f1' is about two classes, and there are 3."],
    [{ tasks: [{ ...task, head: 'pairSimilarity', metrics: [{ f1: 'same' }] }] }, 'and this is pairSimilarity'],
    [{ tasks: [{ ...task, head: 'pairSimilarity', output: 'score', metrics: ['accuracy'] }] }, "'accuracy' does not judge pairSimilarity."],
    [
      { tasks: [stance], groups: [{ name: 'all', tasks: ['climat'] }] },
      "groups[0].tasks[0]: There is no task 'climat'. Did you mean 'climate'?",
    ],
    [{ tasks: [stance, task], groups: [{ name: 'topic', tasks: ['climate'] }] }, "groups[0].name: 'topic' is a task's name."],
    [
      {
        tasks: [stance],
        groups: [
          { name: 'x', tasks: ['climate'] },
          { name: 'y', tasks: ['climate'] },
        ],
      },
      "groups[1].tasks[0]: 'climate' is in 'x' already.",
    ],
    [
      { tasks: [stance, { ...task, head: 'regression' }], groups: [{ name: 'x', tasks: ['climate', 'topic'] }] },
      "'topic' is regression, and 'climate' is classification.",
    ],
    [{ tasks: [stance], groups: [{ name: 'x', tasks: ['climate'], metrics: [{ f1: 'for' }] }] }, "groups[0].metrics[0]: 'for' is none of"],
    [null, '(top level): '],
    [[], '(top level): '],
  ])('says what is wrong: %j', (config, message) => {
    expect(messageOf(config)).toContain(message);
  });

  it('names each of several unknown keys at its own place', () => {
    const text = messageOf({ tasks: [task], training: { stepps: 1, batchsize: 2 } });
    expect(text).toContain("training.stepps: Unknown key 'stepps'. Did you mean 'steps'?");
    expect(text).toContain("training.batchsize: Unknown key 'batchsize'. Did you mean 'batchSize'?");
  });

  it('puts positions before the path where it knows them', () => {
    expect(() =>
      resolveConfig(
        { tasks: [task], sed: 1 },
        { file: 'c.yaml', locate: (path) => (path[0] === 'sed' ? { line: 3, column: 5 } : undefined) },
      ),
    ).toThrow("c.yaml:3:5 sed: Unknown key 'sed'. Did you mean 'seed'?");
  });

  it('suggests nothing far-fetched', () => {
    expect(suggestion('xylophone', ['steps', 'seed'])).toBe('');
  });
});
