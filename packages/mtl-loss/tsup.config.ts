import { library } from '../../tsup.base';

export default library({
  index: 'src/index.ts',
  methods: 'src/methods/index.ts',
  diagnosis: 'src/diagnosis/index.ts',
  layers: 'src/layers/index.ts',
  losses: 'src/losses.ts',
});
