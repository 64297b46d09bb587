import { start } from '../../test/browser/backends';
import { measure, type Timings } from './measure';

/** What the page offers to the benchmark; undefined where the backend does not start. */
export type MeasureInPage = (
  backend: 'cpu' | 'wasm' | 'webgl',
  steps: number,
  execution: 'eager' | 'compiled',
) => Promise<Timings | undefined>;

const inPage: MeasureInPage = async (backend, steps, execution) => ((await start(backend)) ? measure(steps, execution) : undefined);
Object.assign(globalThis, { measureInPage: inPage });
