import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type MethodInfo, methods, type OptionInfo } from '../src/methods';
import { type Promises, promises } from './promises';

test('docs/balancers.md says what the registry and the properties say', () => {
  const file = new URL('../../../docs/balancers.md', import.meta.url);
  const page = `${[preface, methodTable(), promiseTable(), optionTable(), papers()].join('\n\n')}\n`;
  if (process.env.UPDATE_DOCS) writeFileSync(file, page);
  expect(readFileSync(file, 'utf8'), 'run UPDATE_DOCS=1 npx vitest run test/table.test.ts').toBe(page);
});

test('every method has a citation, but for those that need none', () => {
  expect(methods.filter(({ paper }) => !paper).map(({ name }) => name)).toEqual(['log', 'fixed', 'mean']);
  expect(new Set(methods.map(({ name }) => name)).size).toBe(methods.length);
});

test('every method says which properties it has', () => {
  const declared = new Set(promises.map(({ make }) => make([0, 1, 2]).name));
  expect(methods.map((info) => info.create().name).filter((name) => !declared.has(name))).toEqual([]);
});

const families = {
  scalarization: 'scalarization',
  'loss-weighting': 'loss weighting',
  'gradient-balancer': 'gradient balancer',
  'jacobian-method': 'Jacobian method',
} as const;

function methodTable(): string {
  const rows = methods.map((info) => {
    const made = info.create() as ReturnType<MethodInfo['create']> & { readonly features?: true };
    return [`\`${info.name}\``, families[info.family], info.description, info.cost, made.needs.join(', '), made.features ? 'yes' : ''];
  });
  return `## Methods\n\n${table(['method', 'family', 'what it does', 'a step costs', 'reads', 'at features'], rows)}`;
}

/** The headings of the properties, with what a cell says. */
const properties: readonly (readonly [string, (promised: Promises) => string])[] = [
  ['no conflict', ({ nonConflicting = 0 }) => (nonConflicting === 0 ? '' : nonConflicting === 2 ? '2 tasks' : 'yes')],
  ['linear under scaling', ({ linearUnderScaling }) => mark(linearUnderScaling)],
  ['strongly stationary', ({ stronglyStationary }) => mark(stronglyStationary)],
  ['descends', ({ descends }) => mark(descends)],
  ['convex weights', ({ convex }) => mark(convex)],
  ['bounded', ({ unbounded }) => (unbounded === 'update' ? '' : unbounded === 'weights' ? 'update' : 'yes')],
  ['scale-free', ({ scaleFree }) => mark(scaleFree)],
  ['any order', ({ equivariant = true }) => mark(equivariant)],
];

function promiseTable(): string {
  const rows = promises.map((promised) => [promised.name, ...properties.map(([, cell]) => cell(promised))]);
  const explained = [
    '*No conflict*: no gᵢ·update is negative. *Linear under scaling*: the update is linear in c > 0 where gradient i is cᵢgᵢ. *Strongly stationary*: the update is zero only',
    'where some w > 0 has Σ wᵢgᵢ = 0. *Descends*: a small enough step lowers every loss. *Convex weights*: ≥ 0, of sum 1. *Bounded*: the update and every |wᵢ|‖gᵢ‖ in it are no larger',
    'than the gradients (and, of `log` and the like, the losses) allow; `update`: it is, but made of parts that cancel each other and are as large as you like where gradients are nearly',
    'dependent; nothing: neither is. *Scale-free*: weights do not change when all gradients are multiplied by one number. *Any order*: the order of the tasks does not matter. Each is tested on random Jacobians of every rank, with zero and duplicate rows and scales from 0 to 1e15.',
  ];
  const head = ['method or form', ...properties.map(([name]) => name)];
  return `## Promises\n\n${explained.join('\n')}\n\n${table(head, rows)}`;
}

function optionTable(): string {
  const rows = methods.flatMap(({ name, options }) =>
    Object.entries(options).map(([option, info]) => [`\`${name}\``, `\`${option}\``, kindOf(info), defaultOf(info), info.description]),
  );
  return `## Options\n\n${table(['method', 'option', 'is', 'default', 'what it does'], rows)}`;
}

function papers(): string {
  const cited = methods.flatMap(({ name, paper }) => (paper ? [[name, paper] as const] : []));
  const lines = cited.map(
    ([name, { authors, year, title, arxiv }]) => `- \`${name}\`: ${authors} (${year}). ${title}.${arxiv ? ` arXiv ${arxiv}.` : ''}`,
  );
  return `## Papers\n\n${lines.join('\n')}`;
}

function kindOf(info: OptionInfo): string {
  if (info.type === 'choice') return info.choices.map((choice) => `\`${choice}\``).join(', ');
  if (info.type === 'numbers') return 'a number a task';
  if (info.type === 'boolean') return 'yes or no';
  const range = [info.min === undefined ? '' : `≥ ${info.min}`, info.max === undefined ? '' : `≤ ${info.max}`].filter(Boolean).join(', ');
  return `${info.integer ? 'whole number' : 'number'}${range ? ` ${range}` : ''}`;
}

function defaultOf(info: OptionInfo): string {
  return info.default === undefined ? '' : String(info.default);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function mark(promised: boolean | undefined): string {
  return promised ? 'yes' : '';
}

const preface = `# Ways to balance tasks

Generated by \`packages/mtl-loss/test/table.test.ts\` from the registry \`@taskloom/mtl-loss/methods\` (\`UPDATE_DOCS=1\` writes this file).

F and B are a forward and a backward pass of the model, T the number of tasks. *At features*: the Gramian may be that of the gradients at the representation that the heads share, so
that a step costs little more than F + B. Any of these is \`training.balancer\` in a config, its options \`training.balancerOptions\`, and the place \`training.balanceAt\`.`;
