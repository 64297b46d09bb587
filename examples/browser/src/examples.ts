import type { Row } from '@taskloom/pipeline';
import { element } from './element';
import type { Task } from './protocol';

const count = 5;

/** Whether an example of the task is a text and one label. */
export function teachable({ head, pair, labels }: Task): boolean {
  return !pair && labels.length > 0 && ['classification', 'ordinal', 'multiLabel'].includes(head);
}

/** Five lines to fill in: a text, and its label. */
export function exampleList(place: HTMLElement) {
  const lines = Array.from({ length: count }, (_, i) => {
    const text = element('input', {
      type: 'text',
      'aria-label': `Example ${i + 1}: text`,
      placeholder: `Example ${i + 1}`,
      autocomplete: 'off',
    });
    const label = element('select', { 'aria-label': `Example ${i + 1}: label` });
    place.append(element('li', {}, text, label));
    return { text, label };
  });
  return {
    /** Offers the labels of a task. */
    offer(task: Task) {
      for (const { label } of lines)
        label.replaceChildren(
          element('option', { value: '' }, 'label …'),
          ...task.labels.map((name) => element('option', { value: name }, name)),
        );
      for (const { label } of lines) label.options[0]!.value = '';
    },
    /** Puts a text in the first free line, if there is one, and goes to its label. */
    add(text: string) {
      const free = lines.find((line) => line.text.value.trim() === '');
      if (!free) return;
      free.text.value = text;
      free.label.focus();
    },
    /** The lines that are filled in, as rows of the task. */
    rows(task: Task): Row[] {
      const filled = lines.filter(({ text, label }) => text.value.trim() !== '' && label.value !== '');
      return filled.map(({ text, label }) => row(task, text.value.trim(), label.value));
    },
  };
}

/** Under the columns that the config names; a run made of words gets words. */
function row({ head, columns }: Task, text: string, label: string): Row {
  const value = head === 'multiLabel' ? [label] : label;
  return {
    [columns.text ?? 'text']: text,
    ...(columns.tokens ? { [columns.tokens]: text.split(/\s+/) } : {}),
    [columns.label ?? 'label']: value,
  };
}
