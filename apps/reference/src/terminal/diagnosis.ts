import type { Diagnosis } from '@taskloom/mtl-loss/diagnosis';
import { sparkline } from './sparkline';
import { colours, styled, table, terminalColumns } from './table';
import { wrap } from './wrap';

/** Verdicts, a line for each task, and the cosines of all pairs. */
export function diagnosisReport(diagnosis: Diagnosis, columns = terminalColumns()): string {
  const verdicts = diagnosis.verdicts.map(({ text, evidence }, i) => {
    const shown = text.replace(/`([^`]*)`/g, (_, name: string) => eachWord('bold', name));
    const numbers = Object.entries(evidence)
      .map(([name, value]) => `${name} ${short(value)}`)
      .join(', ');
    return `${wrap(`${i + 1}. ${shown}`, columns, 3)}${numbers === '' ? '' : `\n${styled('dim', wrap(`   ${numbers}`, columns, 3))}`}`;
  });
  const { conflict, effectiveRank, directions, tasks, measurements } = diagnosis;
  const course = conflict.steps.map(({ share }) => share);
  const facts = `${measurements} measurements. Pairs in conflict: ${percent(conflict.share)}${
    course.length > 1
      ? `, in the course of training ${sparkline(course)} (${percent(conflict.early)} early, ${percent(conflict.late)} late)`
      : ''
  }. Effective rank ${short(effectiveRank.mean)}, of directions alone ${short(directions.mean)}, of ${tasks.length}.`;
  return [...verdicts, '', taskTable(diagnosis, columns), '', pairTable(diagnosis, columns), '', wrap(facts, columns, 0)].join('\n');
}

function taskTable({ tasks }: Diagnosis, columns: number): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const [signals, affinities] = [tasks.some(({ signal }) => signal !== undefined), tasks.some(({ received }) => received)];
  return table(
    [
      { title: 'task' },
      right('loss'),
      right('gradient norm'),
      right("of the rest's"),
      right('cosine with the rest'),
      ...(signals ? [right('signal')] : []),
      ...(affinities ? [right('affinity received')] : []),
    ],
    tasks.map(({ task, loss, norm, dominance, withRest, signal, received }) => [
      task,
      short(loss.mean),
      `${short(norm.mean)} ± ${short(norm.sd)}`,
      Number.isFinite(dominance) ? `${Number(dominance.toPrecision(2))}×` : '–',
      coloured(withRest.mean, withRest.mean),
      ...(signals ? [percent(signal)] : []),
      ...(affinities ? [coloured(received!.mean, 100 * received!.mean, ' %')] : []),
    ]),
    columns,
  );
}

/** Cosines: without batch noise where that is known; red where tasks pull against each other. */
function pairTable({ tasks, cosine, corrected }: Diagnosis, columns: number): string {
  const value = (i: number, j: number) => corrected?.[i]?.[j] ?? cosine[i]![j]!.mean;
  const names = tasks.map(({ task }) => task);
  const rows = names.map((name, i) => [name, ...names.map((_, j) => (i === j ? '·' : coloured(value(i, j), value(i, j))))]);
  const titles = names.map((name) => ({ title: name, align: 'right' as const }));
  return table([{ title: corrected ? 'cosine, without batch noise' : 'cosine' }, ...titles], rows, columns);
}

function coloured(sign: number, value: number, unit = ''): string {
  if (!Number.isFinite(value)) return '–';
  const text = `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}${unit}`;
  return Math.abs(sign) < 0.05 ? text : styled(sign < 0 ? 'red' : 'green', text);
}

/** Styled word by word, so that a line can break between them. */
function eachWord(style: 'bold', text: string): string {
  return colours() ? text.replace(/\S+/g, (word) => styled(style, word)) : `'${text}'`;
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '–';
}

function percent(share: number | undefined): string {
  return share === undefined || !Number.isFinite(share) ? '–' : `${Math.round(100 * share)} %`;
}
