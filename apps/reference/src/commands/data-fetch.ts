import { join } from 'node:path';
import { command, near } from '../command';
import { fetchDataset } from '../datasets/fetch-dataset';
import { openDatasets } from '../datasets/index';
import { usageError } from '../exit-codes';
import { whole } from '../terminal/format';
import { jsonOption, say, sayProse, writeJson } from './shared-options';

const names = Object.keys(openDatasets);

export const fetchCommand = command(
  'data fetch',
  `Get a public data set from its origin, checked and converted. Known: ${names.join(', ')}.`,
  {
    args: {
      name: { type: 'positional', description: `Which one: ${names.join(', ')}`, required: false },
      into: { type: 'string', description: 'The folder to be written (default: data/<name>)', valueHint: 'folder' },
      from: { type: 'string', description: "Local files in the origin's layout, in place of the network", valueHint: 'folder' },
      overwrite: { type: 'boolean', description: 'Replace a folder that is there', default: false },
      'allow-changes': { type: 'boolean', description: 'Take files that differ from what is known of them', default: false },
      json: jsonOption,
    },
    examples: ['taskloom data fetch tweeteval', 'taskloom data fetch tweeteval --from tweeteval/datasets --into data/tweeteval'],
    notes:
      "The folder appears whole or not at all. Checksums are compared where they are known, else the rows are counted; the list says which. The origin's own terms hold for the data.",
    async run(args) {
      const name = args.name;
      if (name === undefined || !Object.hasOwn(openDatasets, name))
        throw usageError(
          name === undefined ? 'Which data set?' : `There is no data set '${name}'.${near(name, names, '')}`,
          `Known: ${names.join(', ')}.`,
        );
      const dataset = openDatasets[name]!;
      const into = args.into ?? join('data', name);
      const { origin, files } = await fetchDataset(dataset, {
        into,
        from: args.from,
        overwrite: args.overwrite,
        allowChanges: args['allow-changes'],
        onFile: ({ path, rows }, done, of) => {
          if (!args.json) process.stderr.write(`${String(done).padStart(3)}/${of}  ${path}  ${whole(rows)}\n`);
        },
      });
      if (args.json) {
        writeJson({ name, into, origin, licence: dataset.licence, files });
        return undefined;
      }
      const count = (check: string) => files.filter((file) => file.check === check).length;
      say(`${dataset.title}\n  from  ${origin}\n  into  ${into}`);
      sayProse(
        `${count('sha256')} files have the SHA-256 that was expected; of ${count('rows')} no checksum is known, and the number of rows is right; ${count('unknown')} small ones were not checked.${count('differs') > 0 ? ` ${count('differs')} DIFFER from what is known of them: ${files.flatMap(({ path, check }) => (check === 'differs' ? [path] : [])).join(', ')}.` : ''}`,
      );
      sayProse(`Terms, ${dataset.licence}.`);
      return undefined;
    },
  },
);
