import type { Prediction, TaskPrediction } from '@taskloom/pipeline';
import { colours, styled } from './table';

/** A text with its marked spans, then a line for each other task. */
export function showPrediction(text: string, prediction: Prediction): string {
  const lines: string[] = [];
  const entries = Object.entries(prediction);
  const tagged = entries.flatMap(([, answer]) => ('tags' in answer ? [answer] : []));
  lines.push(`  ${styled('bold', '“')}${tagged.length > 0 ? markSpans(text, tagged[0]!) : text}${styled('bold', '”')}`);
  const width = Math.max(...entries.map(([task]) => task.length));
  for (const [task, answer] of entries) lines.push(`    ${task.padEnd(width)}  ${showAnswer(answer)}`);
  return lines.join('\n');
}

function showAnswer(answer: TaskPrediction): string {
  if ('value' in answer) return answer.value.toFixed(3);
  if ('tags' in answer)
    return answer.tags.length === 0
      ? styled('dim', 'none')
      : answer.tags.map(({ label, text }) => `${styled('green', text)} ${styled('dim', label)}`).join(', ');
  if ('labels' in answer)
    return answer.labels.length === 0
      ? styled('dim', 'none')
      : answer.labels.map((label) => `${label} ${percent(answer.probabilities[label]!)}`).join(', ');
  const others = Object.entries(answer.probabilities)
    .filter(([label, p]) => label !== answer.label && p >= 0.1)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 2);
  return `${styled('green', answer.label)} ${percent(answer.probabilities[answer.label]!)}${others.length === 0 ? '' : styled('dim', `  (${others.map(([label, p]) => `${label} ${percent(p)}`).join(', ')})`)}`;
}

function markSpans(text: string, { tags }: Extract<TaskPrediction, { readonly tags: unknown }>): string {
  let out = '';
  let at = 0;
  for (const { start, end } of tags) {
    const span = text.slice(start, end);
    out += text.slice(at, start) + (colours() ? styled('underline', span) : `[${span}]`);
    at = end;
  }
  return out + text.slice(at);
}

function percent(p: number): string {
  return `${Math.round(p * 100)}%`;
}
