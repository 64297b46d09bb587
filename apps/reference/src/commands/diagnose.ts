import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { type Diagnosis, diagnosisPage, heatMap } from '@taskloom/mtl-loss/diagnosis';
import { diagnose } from '@taskloom/pipeline';
import { startBackend } from '../backend';
import { command } from '../command';
import { commandName } from '../command-name';
import { loadConfigFile } from '../config-file';
import { dataFiles } from '../data-files';
import { exitCodes, usageError } from '../exit-codes';
import { onInterrupt } from '../interrupt';
import { diagnosisReport } from '../terminal/diagnosis';
import { duration, whole } from '../terminal/format';
import { progressDisplay } from '../terminal/progress';
import { terminalColumns } from '../terminal/table';
import {
  backendName,
  backendOption,
  configOption,
  countOption,
  executionName,
  executionOption,
  jsonOption,
  say,
  sayProse,
  withOverrides,
  writeJson,
} from './shared-options';

export const diagnoseCommand = command(
  'diagnose',
  'Do these tasks go together? Measures how their gradients agree while the model trains.',
  {
    args: {
      config: configOption,
      out: {
        type: 'string',
        alias: 'o',
        description: 'Writes a page with heat maps (.html) or one heat map of cosines (.svg)',
        valueHint: 'file',
      },
      steps: { type: 'string', description: 'Instead of the steps or epochs in the config', valueHint: 'n' },
      seed: { type: 'string', description: 'Instead of the seed in the config', valueHint: 'n' },
      looks: { type: 'string', description: 'How often to look in the course of the training', default: '10', valueHint: 'n' },
      repeats: { type: 'string', description: 'Measurements of one look, each on two batches', default: '4', valueHint: 'n' },
      backend: backendOption,
      execution: executionOption,
      json: jsonOption,
    },
    examples: ['taskloom diagnose', 'taskloom diagnose --config support.yaml --steps 200 --out diagnosis.html', 'taskloom diagnose --json'],
    notes:
      "A cosine of two task gradients below 0 says that a step for one of them undoes some of the other. Batch noise pulls cosines towards 0; the table shows them without it, from pairs of batches. Affinity is what a small step for the other tasks takes off a task's loss. Only the training split is read, and no run is kept. Ctrl-C ends the measurement and tells what was seen until then.",
    async run(args) {
      const extension = args.out === undefined ? '' : extname(args.out).toLowerCase();
      if (args.out !== undefined && extension !== '.html' && extension !== '.svg')
        throw usageError(`--out names a file that ends in .html or .svg, and is '${args.out}'.`);
      const file = await loadConfigFile(args.config);
      const config = withOverrides(file.config, countOption('steps', args.steps), args.seed);
      if (config.tasks.length < 2) throw usageError('There is one task in the config: nothing to compare it with.');
      const execution = executionName(args.execution);
      const [looks, repeats] = [countOption('looks', args.looks), countOption('repeats', args.repeats)];
      await startBackend(backendName(args.backend));
      const progress = progressDisplay({ quiet: args.json });
      const { signal, release } = onInterrupt('Stopping after this step … (once more to quit at once)');
      try {
        const { diagnosis, steps, seconds, interrupted } = await diagnose(config, {
          data: dataFiles(file.root),
          looks,
          repeats,
          execution,
          signal,
          onProgress: progress,
        });
        progress.done();
        if (diagnosis && args.out !== undefined) await draw(args.out, extension, diagnosis, config.name);
        if (args.json) writeJson({ config: config.name, steps, seconds, interrupted, ...diagnosis });
        else if (diagnosis) {
          say(`\n${diagnosisReport(diagnosis, Math.min(terminalColumns(), 160))}`);
          say(
            `\n${interrupted ? 'Stopped after' : 'Measured in the course of'} ${whole(steps)} steps, ${duration(seconds)}.${args.out === undefined ? '' : ` Drawn in ${args.out}.`}`,
          );
          sayProse(`Put it to the test: ${commandName()} compare --methods uncertainty,…`);
        } else say('Stopped before the first measurement: nothing to tell.');
        return interrupted ? exitCodes.interrupted : exitCodes.success;
      } finally {
        progress.done();
        release();
      }
    },
  },
);

async function draw(path: string, extension: string, diagnosis: Diagnosis, name: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const labels = diagnosis.tasks.map(({ task }) => task);
  const values = diagnosis.corrected ?? diagnosis.cosine.map((row) => row.map(({ mean }) => mean));
  await writeFile(
    path,
    extension === '.html'
      ? diagnosisPage(diagnosis, { title: `${name}: do these tasks go together?` })
      : heatMap({ title: `${name}: cosine of task gradients`, labels, values, limit: 1 }),
  );
}
