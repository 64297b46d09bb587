import { library } from '../../tsup.base';

export default library({
  index: 'src/index.ts',
  host: 'src/host.ts',
  node: 'src/node.ts',
  browser: 'src/browser.ts',
  layers: 'src/layers/index.ts',
  losses: 'src/losses/index.ts',
  optimizers: 'src/optimizers/index.ts',
  modules: 'src/modules/index.ts',
});
