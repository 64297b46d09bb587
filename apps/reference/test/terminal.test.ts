import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandName, shellWord } from '../src/command-name';
import { comparisonTable } from '../src/comparison';
import { balanceLines } from '../src/terminal/balance-lines';
import { showPrediction } from '../src/terminal/prediction';
import { progressDisplay } from '../src/terminal/progress';
import { progressLine } from '../src/terminal/progress-line';
import { sparkline } from '../src/terminal/sparkline';
import { table } from '../src/terminal/table';
import { width, wrap } from '../src/terminal/wrap';

beforeAll(() => {
  vi.stubEnv('NO_COLOR', '1');
  vi.stubEnv('FORCE_COLOR', '');
});

describe('progressLine', () => {
  const progress = {
    label: '  sentiment  ',
    step: 7,
    steps: 1200,
    loss: 0.1234,
    validation: 0.5,
    rowsPerSecond: 1234.5,
    secondsLeft: 75.3,
  };

  it('fits every width, and drops the throughput before the time left', () => {
    for (let columns = 20; columns <= 140; columns++) expect(width(progressLine(progress, columns))).toBeLessThanOrEqual(columns);
    expect(stripVTControlCharacters(progressLine(progress, 120))).toMatch(
      /^ {2}sentiment {2}─{30} {5}7\/1,200 {2}loss 0\.123 {2}validation 0\.500 {2}1,23[45] rows\/s {2}1:16 left$/,
    );
    const narrow = progressLine(progress, 77);
    expect(narrow).toContain('1:16 left');
    expect(narrow).not.toContain('rows/s');
  });

  it('keeps its width while it counts, and fills the bar at the end', () => {
    const at = (step: number) => progressLine({ ...progress, step, secondsLeft: step % 50 }, 100);
    expect(new Set([1, 99, 100, 1200].map((step) => width(at(step)))).size).toBe(1);
    expect(stripVTControlCharacters(at(1200))).toContain('━'.repeat(20));
    expect(progressLine({ ...progress, secondsLeft: Number.POSITIVE_INFINITY }, 100)).toContain('– left');
    expect(progressLine({ ...progress, secondsLeft: 7500 }, 100)).toContain('2:05:00 left');
  });
});

describe('progressDisplay', () => {
  afterEach(() => vi.restoreAllMocks());

  it('says once, on stderr and for --json too, what steps cost beyond need', () => {
    const [out, err]: [string[], string[]] = [[], []];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
    const told = new Set<string>();
    for (const label of ['1/2 sum ', '2/2 log ']) {
      const show = progressDisplay({ label, quiet: true, told });
      show({ kind: 'execution', name: 'eager', notice: 'It is not installed.' });
      show({ kind: 'warning', code: 'many_shapes', message: 'Axis 1 keeps changing.' });
      show({ kind: 'saved', step: 1, name: 'x' });
    }
    expect([out, err]).toEqual([[], ['It is not installed.\n', 'warning Axis 1 keeps changing.\n']]);
  });
});

describe('table and wrap', () => {
  it('aligns columns, and breaks the last one where there is no room', () => {
    const rows = [
      ['a', '1', 'one two three four five'],
      ['bcd', '1,000', 'six'],
    ];
    const columns = [{ title: 'name' }, { title: 'count', align: 'right' as const }, { title: 'words' }];
    expect(table(columns, rows, 100).split('\n')).toEqual([
      'name  count  words',
      '─'.repeat(36),
      'a         1  one two three four five',
      'bcd   1,000  six',
    ]);
    expect(table(columns, rows, 30).split('\n')).toEqual([
      'name  count  words',
      '─'.repeat(30),
      'a         1  one two three',
      '             four five',
      'bcd   1,000  six',
    ]);
  });

  it('breaks between words only', () => {
    expect(wrap('one two three', 8, 2)).toBe('one two\n  three');
    expect(wrap('extraordinarily long', 5, 0)).toBe('extraordinarily\nlong');
    expect(wrap('  kept as it is', 80, 4)).toBe('  kept as it is');
    expect(width('Zürich 東京 📦')).toBe(14);
  });

  it('draws a sparkline from the least to the greatest', () => {
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▂▃▄▅▆▇█');
    expect([sparkline([]), sparkline([2, 2]), sparkline([Number.NaN, 1, 3])]).toEqual(['', '▄▄', '▁█']);
    expect(sparkline(Array.from({ length: 1000 }, (_, i) => i))).toHaveLength(40);
  });

  it('puts validation and test below each other in a narrow terminal', () => {
    const tasks = { topic: { rows: 9, loss: 1, metrics: { accuracy: 0.5, macroF1: 0.4 } } };
    const splits = { majority: tasks, alone: tasks, together: tasks };
    const of = (columns: number) => comparisonTable({ validation: splits, test: splits }, columns).split('\n');
    expect(of(200).filter((line) => line.startsWith('topic'))).toHaveLength(1);
    expect(of(80).filter((line) => line.startsWith('topic'))).toHaveLength(2);
    for (const line of of(80)) expect(width(line)).toBeLessThanOrEqual(80);
  });
});

it('shows a prediction: spans marked, an ordinal label as the median of its distribution', () => {
  const shown = showPrediction(
    'The kettle came late',
    {
      urgency: { label: 'high', probabilities: { low: 0.07, normal: 0.39, high: 0.3, critical: 0.24 } },
      topic: { label: 'delivery', probabilities: { delivery: 0.8, billing: 0.15, other: 0.05 } },
      entities: { tags: [{ start: 4, end: 10, label: 'product', text: 'kettle' }] },
    },
    [
      { name: 'urgency', head: 'ordinal', labels: ['low', 'normal', 'high', 'critical'], pair: false },
      { name: 'topic', head: 'classification', labels: ['delivery', 'billing', 'other'], pair: false },
    ],
    80,
  );
  expect(shown.split('\n')).toEqual([
    '  “The [kettle] came late”',
    '    urgency   high  (the median of low 7%, normal 39%, high 30%, critical 24%)',
    '    topic     delivery 80%  (billing 15%)',
    '    entities  kettle product',
  ]);
});

describe('commandName', () => {
  it('is what the reader can type', () => {
    expect(commandName({ npm_command: 'exec', PATH: '' }, '/x/cli.js')).toBe('npx taskloom');
    expect(commandName({ npm_lifecycle_event: 'start', PATH: '' }, '/x/cli.js')).toBe('npx taskloom');
    expect(commandName({ PATH: '/nowhere' }, '/x y/cli.js')).toBe('node "/x y/cli.js"');
    expect([shellWord('runs/support'), shellWord('my run'), shellWord('a"b$c')]).toEqual(['runs/support', '"my run"', '"a\\"b\\$c"']);
  });
});

describe('balanceLines', () => {
  const step = (losses: Record<string, number>, weights: Record<string, number>, cosines?: Record<string, Record<string, number>>) =>
    ({ kind: 'step', losses, weights, cosines }) as unknown as Parameters<ReturnType<typeof balanceLines>['add']>[0];

  it('tells of each task its loss, weight, and whom it agrees with least', () => {
    const lines = balanceLines();
    for (let i = 0; i < 200; i++) lines.add(step({ topic: 2 }, { topic: 9 }));
    for (let i = 0; i < 200; i++)
      lines.add(step({ topic: 1, hate: 0.5 }, { topic: 0.25, hate: 4 }, { topic: { hate: -0.5, mood: 0.25 }, hate: { mood: 0.1 } }));
    expect(lines.lines(100)).toEqual([
      '  topic  loss 1.000  weight 0.25  cosine −0.50 with hate',
      '  hate   loss 0.500  weight 4  cosine −0.50 with topic',
    ]);
    for (const columns of [10, 30, 50]) for (const line of lines.lines(columns)) expect(width(line)).toBeLessThanOrEqual(columns);
  });

  it('says nothing of cosines that nobody measured', () => {
    const lines = balanceLines();
    lines.add(step({ topic: 1 }, { topic: 1 }));
    expect(lines.lines(80)).toEqual(['  topic  loss 1.000  weight 1']);
  });
});
