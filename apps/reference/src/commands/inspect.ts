import { flatten, type Params } from '@taskloom/core';
import { encoderText, loadRun } from '@taskloom/pipeline';
import { startBackend } from '../backend';
import { command } from '../command';
import { openRun } from '../run-folder';
import { whole } from '../terminal/format';
import { table } from '../terminal/table';
import { jsonOption, runOption, say, sayProse, writeJson } from './shared-options';

export const inspectCommand = command('inspect', 'What a run is: tasks, labels, parameters, config.', {
  args: {
    run: runOption,
    parameters: { type: 'boolean', description: 'List every parameter with its shape', default: false },
    json: jsonOption,
  },
  examples: ['taskloom inspect --run runs/support', 'taskloom inspect --run runs/support --json'],
  async run(args) {
    const store = openRun(args.run);
    await startBackend('cpu');
    const run = await loadRun(store);
    try {
      const shapes = [...flatten(run.params as unknown as Params)].map(([path, { shape, size }]) => ({ path, shape, size }));
      if (args.json) {
        writeJson({
          run: args.run,
          step: run.step,
          complete: run.complete,
          parameters: run.parameters,
          tasks: run.tasks,
          config: run.config,
          shapes: shapes.map(({ path, shape }) => ({ path, shape })),
        });
        return undefined;
      }
      const own = (task: string) => shapes.filter(({ path }) => path.startsWith(`tasks/${task}/`)).reduce((sum, { size }) => sum + size, 0);
      const shared = shapes.filter(({ path }) => path.startsWith('shared/')).reduce((sum, { size }) => sum + size, 0);
      sayProse(
        `${run.config.name}: ${encoderText(run.config)}, ${whole(run.parameters)} parameters, of which ${whole(shared)} are shared.`,
      );
      say(`Parameters of step ${whole(run.step)}${run.complete ? '' : ' of a training that is not finished'}.\n`);
      say(
        table(
          [{ title: 'task' }, { title: 'head' }, { title: 'input' }, { title: 'parameters', align: 'right' }, { title: 'labels' }],
          run.tasks.map(({ name, head, labels, pair }) => [name, head, pair ? 'a, b' : 'text', whole(own(name)), shorten(labels)]),
        ),
      );
      if (args.parameters)
        say(
          `\n${table(
            [{ title: 'parameter' }, { title: 'shape' }],
            shapes.map(({ path, shape }) => [path, `[${shape.join(', ')}]`]),
          )}`,
        );
      return undefined;
    } finally {
      run.dispose();
    }
  },
});

function shorten(labels: readonly string[]): string {
  return labels.length <= 9 ? labels.join(', ') : `${labels.slice(0, 8).join(', ')}, … (${labels.length})`;
}
