import { library } from '../../tsup.base';

const entry = { index: 'src/index.ts', node: 'src/node.ts', web: 'src/web.ts' };

export default library(
  { ...entry, 'engine-worker': 'src/run/engine-worker.js' },
  // The worker's script is found by its place beside the build, in CommonJS too.
  { shims: true, dts: { entry, compilerOptions: { ignoreDeprecations: '6.0', paths: {} } } },
);
