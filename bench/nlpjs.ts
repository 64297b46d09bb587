/**
 * nlp.js, the library for intents that JavaScript has: one model for each of the four sets of `intents.ts`, its defaults, accuracy on the test split and the time of one answer.
 * Run: node examples/run.mjs ../bench/nlpjs.ts [--sets clinc150,banking77,snips,trec]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
// @ts-expect-error The package has no types.
import { dockStart } from '@nlpjs/basic';
import { loadConfigFile } from '../apps/reference/src/config-file';
import { dataFiles } from '../apps/reference/src/data-files';

interface Nlp {
  addLanguage(locale: string): void;
  addDocument(locale: string, text: string, intent: string): void;
  train(): Promise<void>;
  process(locale: string, text: string): Promise<{ readonly intent: string }>;
}

const { values: flags } = parseArgs({
  options: { sets: { type: 'string', default: 'clinc150,banking77,snips,trec' }, row: { type: 'boolean', default: false } },
});
const { config, root } = await loadConfigFile(fileURLToPath(new URL('../examples/intents.config.ts', import.meta.url)));
const data = dataFiles(root);

const names = flags.sets.split(',');
if (!flags.row)
  console.log(
    '| set | accuracy | out-of-scope recall | training, s | one text, ms: median | p95 |\n| --- | ---: | ---: | ---: | ---: | ---: |',
  );
if (names.length > 1) {
  // A process each: all models of a process share one container, and so their intents.
  for (const name of names) {
    const { status } = spawnSync(process.execPath, [process.argv[1]!, '../bench/nlpjs.ts', '--row', '--sets', name], { stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
  process.exit(0);
}
for (const name of names) {
  const task = config.tasks.find((one) => one.name === name);
  if (!task) throw new Error(`There is no set '${name}'. It is one of ${config.tasks.map((one) => one.name).join(', ')}.`);
  const rows = async (split: 'train' | 'test') => {
    const files = [task.data[split] as string | readonly string[]].flat();
    const found = (await Promise.all(files.map((file) => data.rows(file)))).flat();
    return found.map((row) => ({
      text: typeof row.text === 'string' ? row.text : (row.tokens as readonly string[]).join(' '),
      label: String(row.label ?? row.intent),
    }));
  };
  const dock = await dockStart({
    settings: { nlp: { autoSave: false, autoLoad: false, nlu: { log: false }, threshold: 0.5 } },
    use: ['Basic', 'LangEn'],
  });
  const nlp = dock.get('nlp') as Nlp;
  nlp.addLanguage('en');
  // What is out of scope is its "None", which it answers of itself where no intent is sure.
  for (const { text, label } of await rows('train')) nlp.addDocument('en', text, label === 'oos' ? 'None' : label);
  const start = performance.now();
  await nlp.train();
  const seconds = (performance.now() - start) / 1000;
  const times: number[] = [];
  const [within, outside] = [
    { right: 0, of: 0 },
    { right: 0, of: 0 },
  ];
  for (const { text, label } of await rows('test')) {
    const asked = performance.now();
    const { intent } = await nlp.process('en', text);
    times.push(performance.now() - asked);
    const count = label === 'oos' ? outside : within;
    count.of++;
    if (intent === (label === 'oos' ? 'None' : label)) count.right++;
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))]!.toFixed(2);
  const percent = ({ right, of }: { readonly right: number; readonly of: number }) => (of === 0 ? '–' : ((100 * right) / of).toFixed(2));
  console.log(`| ${name} | ${percent(within)} | ${percent(outside)} | ${seconds.toFixed(0)} | ${at(0.5)} | ${at(0.95)} |`);
}
