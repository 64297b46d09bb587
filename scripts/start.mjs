// `npm start`: install, build, train the five support tasks, evaluate, predict. Further arguments go to `taskloom demo`.
import { build, install, run } from './workspace.mjs';

install();
build();
run(process.execPath, ['apps/reference/dist/cli.js', 'demo', ...process.argv.slice(2)]);
