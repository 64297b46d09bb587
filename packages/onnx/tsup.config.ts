import { library } from '../../tsup.base';

export default library(
  { index: 'src/index.ts', node: 'src/node.ts', 'engine-worker': 'src/run/engine-worker.js' },
  // The worker's script is found by its place beside the build, in CommonJS too.
  { shims: true, dts: { entry: { index: 'src/index.ts', node: 'src/node.ts' }, compilerOptions: { ignoreDeprecations: '6.0', paths: {} } } },
);
