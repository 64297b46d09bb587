// A local npm registry on a free port: `taskloom` and `@taskloom/*` are what is published to it, all else comes from `uplink`.
// Run as a child process, which sends its URL: node registry.mjs <storage folder> <uplink>.
import { join } from 'node:path';
import { runServer } from 'verdaccio';

const [storage, uplink] = process.argv.slice(2);
const ours = { access: '$all', publish: '$all' };
const server = await runServer({
  configPath: join(storage, 'config.yaml'),
  storage,
  web: { enable: false },
  uplinks: { npm: { url: uplink, maxage: '1h', timeout: '60s', max_fails: 10 } },
  packages: { '@taskloom/*': ours, taskloom: ours, '**': { access: '$all', proxy: 'npm' } },
  max_body_size: '100mb',
  log: { type: 'stderr', format: 'pretty', level: 'fatal' },
});
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}/`));
process.once('disconnect', () => process.exit());
