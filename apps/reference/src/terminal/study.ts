import type { OverSeeds } from '@taskloom/trainer';
import type { StudyResult } from '../compare/study';
import { metric, words } from './format';
import { styled, table, terminalColumns } from './table';
import { wrap } from './wrap';

/** What a comparison has found: methods by Δm, then the scores of each task. */
export function studyReport(result: StudyResult, columns = terminalColumns()): string {
  const parts = [
    `${summaryTable(result, columns)}\n${wrap(memoryNote, columns, 0)}`,
    scoreTable(result, columns),
    wrap(conclusion(result), columns, 0),
  ];
  return parts.join('\n\n');
}

const memoryNote =
  'Memory: the most that the whole process held while the method trained. What earlier trainings left in it is included, so that a later method may show more than it needs.';

function summaryTable({ summary, single }: StudyResult, columns: number): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  return table(
    [
      { title: 'method' },
      right(single ? 'Δm % of single-task ↓' : 'Δm % of sum ↓'),
      right('mean rank'),
      right('Δm less that of sum'),
      { title: 'beyond the seeds’ noise' },
      right('learning rate'),
      right('steps/s'),
      right('memory'),
    ],
    summary.map(({ method, deltaM, meanRank, versus, learningRate, stepsPerSecond, memory }) => [
      method,
      plusMinus(deltaM, 2),
      meanRank.toFixed(2),
      method === 'sum' ? '–' : `${signed(versus.difference)}${Number.isFinite(versus.half) ? ` ± ${versus.half.toFixed(2)}` : ''}`,
      method === 'sum' ? '' : said[versus.verdict](),
      String(learningRate ?? '–'),
      stepsPerSecond?.toFixed(1) ?? '–',
      memory ? `${Math.round(memory / 2 ** 20)} MB` : '–',
    ]),
    columns,
  );
}

const said = {
  better: () => styled('green', 'better'),
  worse: () => styled('red', 'worse'),
  noise: () => 'no',
  unknown: () => 'one seed cannot tell',
};

function scoreTable({ units, summary, single }: StudyResult, columns: number): string {
  const names = Object.keys(units);
  const cells = (scores: { readonly [unit: string]: OverSeeds }) => names.map((unit) => plusMinus(scores[unit]!, 3));
  return table(
    [
      { title: '' },
      ...names.map((unit) => {
        const { metric: name, higherIsBetter } = units[unit]!;
        return { title: `${unit}, ${name.includes('[') ? name : words(name)}${higherIsBetter ? '' : ' ↓'}`, align: 'right' as const };
      }),
    ],
    [...(single ? [['single-task', ...cells(single)]] : []), ...summary.map(({ method, units: scores }) => [method, ...cells(scores)])],
    columns,
  );
}

/** In words: who beats the sum for sure, and who might as well not. */
function conclusion({ summary, seeds }: StudyResult): string {
  const edge = summary.some(({ atEdge }) => atEdge)
    ? ["A learning rate stands at the end of the grid, and a better one may lie beyond: widen it with --grid, or change the config's."]
    : [];
  const of = (verdict: 'better' | 'worse' | 'noise') =>
    summary.filter(({ method, versus }) => method !== 'sum' && versus.verdict === verdict).map(({ method }) => method);
  if (seeds.length < 2) return ['One seed says nothing about noise: ask for three or more with --seeds.', ...edge].join(' ');
  const [better, worse, noise] = [of('better'), of('worse'), of('noise')];
  return [
    better.length > 0
      ? `Better than the sum beyond the noise of ${seeds.length} seeds: ${better.join(', ')}.`
      : `Nothing is better than the sum beyond the noise of ${seeds.length} seeds.`,
    ...(worse.length > 0 ? [`Worse: ${worse.join(', ')}.`] : []),
    ...(noise.length > 0 ? [`Within the noise, either way: ${noise.join(', ')}.`] : []),
    ...edge,
  ].join(' ');
}

function plusMinus({ mean, sd }: OverSeeds, digits: number): string {
  const text = digits === 3 ? metric(mean) : signed(mean);
  return Number.isFinite(sd) ? `${text} ± ${sd.toFixed(digits)}` : text;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}
