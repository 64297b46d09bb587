import type { Prediction, TaggedSpan, TaskPrediction } from '@taskloom/pipeline';
import { element } from './element';
import type { Answer, Task } from './protocol';

/** One block a task: bars for probabilities, a mark where they were before fine-tuning, a number for a value, a count for tags. */
export function showAnswers(place: HTMLElement, tasks: readonly Task[], { prediction, before }: Answer): void {
  place.replaceChildren(
    ...tasks.flatMap((task) => (prediction[task.name] ? [block(task, prediction[task.name]!, before?.[task.name])] : [])),
  );
}

/** One line for screen readers. */
export function inWords(tasks: readonly Task[], prediction: Prediction): string {
  return tasks.flatMap(({ name }) => (prediction[name] ? [`${name}: ${said(prediction[name])}`] : [])).join('; ');
}

function block(task: Task, answer: TaskPrediction, before: TaskPrediction | undefined): HTMLElement {
  const title = element('h3', {}, task.name, element('b', {}, said(answer)));
  if (!('probabilities' in answer)) return element('div', { class: 'answer', 'data-task': task.name }, title);
  const chosen = 'labels' in answer ? answer.labels : [answer.label];
  const earlier = before && 'probabilities' in before ? before.probabilities : undefined;
  const bars = task.labels.map((label) => bar(label, answer.probabilities[label] ?? 0, chosen.includes(label), earlier?.[label]));
  return element('div', { class: 'answer', 'data-task': task.name }, title, element('ul', {}, ...bars));
}

function bar(label: string, probability: number, chosen: boolean, before: number | undefined): HTMLElement {
  const track = element(
    'span',
    { class: 'track', 'aria-hidden': 'true' },
    element('i', { style: `width: ${(100 * probability).toFixed(1)}%` }),
  );
  if (before !== undefined)
    track.append(element('em', { style: `left: ${(100 * before).toFixed(1)}%`, title: `before: ${percent(before)}` }));
  return element(
    'li',
    { class: chosen ? 'chosen' : '', 'data-label': label },
    element('span', {}, label),
    track,
    element('span', {}, percent(probability)),
  );
}

function said(answer: TaskPrediction): string {
  if ('value' in answer) return answer.value.toFixed(2);
  if ('tags' in answer) return answer.tags.length === 0 ? 'none' : answer.tags.map(({ label, text }) => `${label} “${text}”`).join(', ');
  if ('labels' in answer) return answer.labels.join(', ') || 'none';
  return answer.label;
}

function percent(probability: number): string {
  return `${Math.round(100 * probability)} %`;
}

/** The text with the tagged stretches of all tagging tasks; where two overlap, the first stays. */
export function showMarked(place: HTMLElement, tasks: readonly Task[], text: string, prediction: Prediction): void {
  const spans = Object.values(prediction).flatMap((answer): readonly TaggedSpan[] => ('tags' in answer ? answer.tags : []));
  const labels = spanLabels(tasks);
  const parts: (string | HTMLElement)[] = [];
  let at = 0;
  for (const { start, end, label } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start < at) continue;
    parts.push(
      text.slice(at, start),
      element('mark', { 'data-colour': String(labels.indexOf(label) % colours) }, text.slice(start, end), element('small', {}, label)),
    );
    at = end;
  }
  parts.push(text.slice(at));
  place.replaceChildren(...parts);
  place.hidden = spans.length === 0;
}

/** How many colours the style sheet has for marks. */
const colours = 6;

/** What spans are called in the tagging tasks, so that a label has the same colour in every text. */
function spanLabels(tasks: readonly Task[]): string[] {
  const tags = tasks.filter(({ head }) => head === 'tagging').flatMap(({ labels }) => labels);
  return [...new Set(tags.flatMap((tag) => tag.match(/^[BI]-(.*)$/)?.[1] ?? []))];
}
