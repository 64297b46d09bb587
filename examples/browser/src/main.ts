import { inWords, showAnswers, showMarked } from './answers';
import { byId, element } from './element';
import { startEngine } from './engine';
import { exampleList, teachable } from './examples';
import { latestOnly } from './latest-only';
import type { Question, RunFiles, Task } from './protocol';
import { fetchRun, readRun } from './run-files';

const text = byId<HTMLTextAreaElement>('text');
const other = byId<HTMLTextAreaElement>('other');
const taskChoice = byId<HTMLSelectElement>('task');
const fields = byId('teach').querySelector('fieldset')!;
const [status, note, progress, reset] = [
  byId('status'),
  byId('note'),
  byId<HTMLProgressElement>('progress'),
  byId<HTMLButtonElement>('reset'),
];
const engine = startEngine();
const examples = exampleList(byId('examples'));
let tasks: readonly Task[] = [];

// Load: the folder that the address names (`?run=…`), else the one that the README trains, else one that is picked.
const parameters = new URL(location.href).searchParams;
void open(() => fetchRun(parameters.get('run') ?? 'runs/demo'));
byId<HTMLInputElement>('folder').addEventListener('change', ({ target }) => {
  const { files } = target as HTMLInputElement;
  if (files?.length) void open(() => readRun(files));
});

async function open(read: () => Promise<RunFiles>): Promise<void> {
  status.classList.remove('wrong');
  status.textContent = 'Loading …';
  try {
    const run = await engine.call('load', await read());
    tasks = run.tasks;
    status.textContent = `Run “${run.name}”: ${tasks.length} tasks, ${run.parameters.toLocaleString('en')} parameters, step ${run.step}, on ${run.backend}.`;
    begin();
  } catch (error) {
    status.classList.add('wrong');
    status.textContent = messageOf(error);
  }
}

function begin(): void {
  const taught = tasks.filter(teachable);
  text.disabled = false;
  fields.disabled = taught.length === 0;
  byId('pair').hidden = !tasks.some(({ pair }) => pair);
  taskChoice.replaceChildren(...taught.map(({ name }) => element('option', { value: name }, name)));
  if (taught[0]) examples.offer(taught[0]);
  reset.disabled = true;
  if (text.value === '')
    text.value =
      parameters.get('text') ?? 'The headphones from order TL-20931 still have not come, and I leave for Lisbon on Friday. Please hurry!';
  if (other.value === '') other.value = 'Where is my parcel? It was due on Monday.';
  answerBoth();
}

// Answer, as one types.
const answer = latestOnly(async (question: string) => {
  const found = await ask(question);
  if (!found) return;
  showAnswers(byId('answers'), tasks, found);
  showMarked(byId('marked'), tasks, question, found.prediction);
  byId('speed').textContent = `${found.milliseconds.toFixed(1)} ms`;
  say(inWords(tasks, found.prediction));
});
const comparePair = latestOnly(async (pair: { readonly a: string; readonly b: string }) => {
  const found = pair.a.trim() && pair.b.trim() ? await ask(pair) : undefined;
  if (found) showAnswers(byId('pair-answers'), tasks, found);
});

async function ask(question: Question) {
  try {
    return await engine.call('answer', question);
  } catch (error) {
    status.textContent = messageOf(error);
    return undefined;
  }
}

function answerBoth(): void {
  if (tasks.some(({ pair }) => !pair)) answer(text.value);
  if (tasks.some(({ pair }) => pair)) comparePair({ a: text.value, b: other.value });
}

text.addEventListener('input', answerBoth);
other.addEventListener('input', answerBoth);

let speaking: ReturnType<typeof setTimeout> | undefined;
/** Read out once typing has paused. */
function say(words: string): void {
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    byId('spoken').textContent = words;
  }, 700);
}

// Learn, and forget again.
const chosenTask = () => tasks.find(({ name }) => name === taskChoice.value);
taskChoice.addEventListener('change', () => examples.offer(chosenTask()!));
byId('add').addEventListener('click', () => examples.add(text.value.trim()));
byId('teach').addEventListener('submit', async (event) => {
  event.preventDefault();
  const task = chosenTask();
  const rows = task ? examples.rows(task) : [];
  if (!task || rows.length === 0) {
    note.textContent = 'Fill in at least one text and its label.';
    return;
  }
  fields.disabled = true;
  progress.hidden = false;
  progress.value = 0;
  note.textContent = 'Learning …';
  try {
    const steps = Number(byId<HTMLSelectElement>('steps').value);
    const done = await engine.call('tune', { task: task.name, rows, steps, headOnly: byId<HTMLInputElement>('keep').checked }, (at) => {
      progress.value = at.step / at.steps;
      note.textContent = `Step ${at.step} of ${at.steps}, loss ${at.loss.toFixed(3)}`;
    });
    note.textContent = `Learned ${rows.length} ${rows.length === 1 ? 'example' : 'examples'} of ${task.name} in ${done.seconds.toFixed(1)} s. The marks in the bars are where it stood before.`;
    reset.disabled = false;
  } catch (error) {
    note.textContent = messageOf(error);
  } finally {
    progress.hidden = true;
    fields.disabled = false;
  }
  answerBoth();
});
reset.addEventListener('click', async () => {
  await engine.call('reset', null);
  reset.disabled = true;
  note.textContent = 'Back to the run as it was loaded.';
  answerBoth();
});

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
