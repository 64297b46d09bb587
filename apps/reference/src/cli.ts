// What bin/taskloom.js runs.
import { main } from './main';

process.exitCode = await main(process.argv.slice(2));
