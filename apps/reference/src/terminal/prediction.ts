import type { Prediction, TaggedSpan, TaskInfo, TaskPrediction } from '@taskloom/pipeline';
import { colours, styled, terminalColumns } from './table';
import { wrap } from './wrap';

/** A text with its marked spans, then a line for each other task, in lines of at most the terminal's width. */
export function showPrediction(text: string, prediction: Prediction, tasks: readonly TaskInfo[], columns = terminalColumns()): string {
  const entries = Object.entries(prediction);
  const tagged = entries.flatMap(([, answer]) => ('tags' in answer ? [answer.tags] : []))[0];
  const title = `${styled('bold', '“')}${tagged ? markSpans(text, tagged) : text}${styled('bold', '”')}`;
  const names = Math.max(...entries.map(([task]) => task.length));
  const lines = entries.map(([task, answer]) => {
    const ordinal = tasks.some(({ name, head }) => name === task && head === 'ordinal');
    return wrap(`    ${task.padEnd(names)}  ${showAnswer(answer, ordinal)}`, columns, names + 6);
  });
  return [wrap(`  ${title}`, columns, 3), ...lines].join('\n');
}

function showAnswer(answer: TaskPrediction, ordinal: boolean): string {
  if ('value' in answer) return answer.value.toFixed(3);
  if ('tags' in answer)
    return answer.tags.length === 0
      ? styled('dim', 'none')
      : answer.tags.map(({ label, text }) => `${eachWord('green', text)} ${styled('dim', label)}`).join(', ');
  const shares = (labels: readonly (readonly [string, number])[]) => labels.map(([label, p]) => `${label} ${percent(p)}`).join(', ');
  if ('labels' in answer)
    return answer.labels.length === 0
      ? styled('dim', 'none')
      : shares(answer.labels.map((label) => [label, answer.probabilities[label]!] as const));
  const all = Object.entries(answer.probabilities);
  if (ordinal)
    return `${styled('green', answer.label)}  ${eachWord('dim', `(the median of ${shares(all.filter(([, p]) => p >= 0.005))})`)}`;
  const others = all
    .filter(([label, p]) => label !== answer.label && p >= 0.1)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 2);
  const own = `${styled('green', answer.label)} ${percent(answer.probabilities[answer.label]!)}`;
  return others.length === 0 ? own : `${own}  ${eachWord('dim', `(${shares(others)})`)}`;
}

function markSpans(text: string, tags: readonly TaggedSpan[]): string {
  let out = '';
  let at = 0;
  for (const { start, end } of tags) {
    const span = text.slice(start, end);
    out += text.slice(at, start) + (colours() ? eachWord('underline', span) : `[${span}]`);
    at = end;
  }
  return out + text.slice(at);
}

/** Styled word by word, so that a line can break between them. */
function eachWord(style: Parameters<typeof styled>[0], text: string): string {
  return text.replace(/\S+/g, (word) => styled(style, word));
}

function percent(p: number): string {
  return `${Math.round(p * 100)}%`;
}
