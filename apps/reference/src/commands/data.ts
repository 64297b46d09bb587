import { inspectData, nearCopy } from '@taskloom/pipeline';
import { command } from '../command';
import { loadConfigFile } from '../config-file';
import { dataFiles } from '../data-files';
import { exitCodes } from '../exit-codes';
import { whole } from '../terminal/format';
import { styled, table } from '../terminal/table';
import { configOption, jsonOption, say, sayProse, writeJson } from './shared-options';

export const validateCommand = command(
  'data validate',
  'Look for what makes results wrong: unreadable rows, unknown labels, texts in two splits, near copies.',
  {
    args: { config: configOption, json: jsonOption },
    examples: ['taskloom data validate', 'taskloom data validate --config support.yaml --json'],
    notes: `A test text counts as a near copy of a training text where their character-5-grams have a Jaccard similarity of ${nearCopy} or more. Warnings leave the exit code at 0, errors make it 4.`,
    async run(args) {
      const file = await loadConfigFile(args.config);
      const { findings, nearest, sources, tasks } = await inspectData(file.config, dataFiles(file.root));
      const errors = findings.filter(({ severity }) => severity === 'error');
      const truncated = sources.flatMap(({ source, split, truncated: rows }) => (rows > 0 ? [{ source, split, rows }] : []));
      if (args.json) writeJson({ valid: errors.length === 0, findings, nearest, truncated });
      else {
        for (const { severity, message } of findings)
          sayProse(`${severity === 'error' ? styled('red', 'error  ') : styled('yellow', 'warning')} ${message}`, 8);
        for (const [source, similarity] of Object.entries(nearest))
          sayProse(
            `${similarity < nearCopy ? styled('green', 'ok     ') : styled('yellow', 'warning')} ${source}: the test text nearest to a training text has 5-gram Jaccard ${similarity.toFixed(3)} (limit ${nearCopy}).`,
            8,
          );
        for (const { task, split, rows, labelled } of tasks)
          if (labelled < rows)
            sayProse(
              `${styled('dim', 'note   ')} ${task}, ${split}: ${whole(rows - labelled)} of ${whole(rows)} rows have no label; they count for nothing in this task.`,
              8,
            );
        for (const { source, split, rows, truncated } of sources)
          if (truncated > 0)
            sayProse(
              `${styled('dim', 'note   ')} ${source}, ${split}: ${whole(truncated)} of ${whole(rows)} rows have a text of more than ${file.config.features.maxTokens} tokens (features.maxTokens); what comes after is left out, tags included.`,
              8,
            );
        say(
          `${whole(sources.reduce((sum, { rows }) => sum + rows, 0))} rows read. ${errors.length === 0 ? 'No errors.' : `${errors.length} error(s).`}`,
        );
      }
      return errors.length === 0 ? exitCodes.success : exitCodes.data;
    },
  },
);

export const describeCommand = command('data describe', 'Count rows, words and labels in all splits.', {
  args: { config: configOption, json: jsonOption },
  examples: ['taskloom data describe'],
  async run(args) {
    const file = await loadConfigFile(args.config);
    const { sources, tasks, findings } = await inspectData(file.config, dataFiles(file.root));
    const unreadable = findings.filter(({ severity }) => severity === 'error');
    if (args.json) writeJson({ sources, tasks });
    else {
      say(
        table(
          [
            { title: 'source' },
            { title: 'split' },
            { title: 'rows', align: 'right' },
            { title: 'words, mean', align: 'right' },
            { title: 'most', align: 'right' },
          ],
          sources.map(({ source, split, rows, meanWords, maxWords }) => [
            source,
            split,
            whole(rows),
            meanWords.toFixed(1),
            whole(maxWords),
          ]),
        ),
      );
      for (const name of new Set(tasks.map(({ task }) => task))) {
        const own = tasks.filter(({ task }) => task === name);
        const labels = Object.keys(own[0]!.labels);
        say(`\n${styled('bold', name)}`);
        say(
          table(
            [{ title: '' }, ...own.map(({ split }) => ({ title: split, align: 'right' as const }))],
            [
              ['rows', ...own.map(({ rows }) => whole(rows))],
              ['labelled', ...own.map(({ labelled }) => whole(labelled))],
              ...labels.slice(0, 40).map((label) => [`  ${label}`, ...own.map((one) => whole(one.labels[label] ?? 0))]),
              ...(labels.length > 40 ? [[`  … ${labels.length - 40} more`]] : []),
            ],
          ),
        );
      }
      if (unreadable.length > 0) say(`\n${unreadable.length} error(s): see \`taskloom data validate\`.`);
    }
    return undefined;
  },
});
