/** The command line's own parts for programs: configs from files, data from folders, and the pipeline's `train`, `loadRun`, `evaluate`. */
export {
  type Config,
  evaluate,
  loadRun,
  type Prediction,
  type ResolvedConfig,
  type Run,
  resume,
  type TrainOptions,
  type TrainResult,
  train,
} from '@taskloom/pipeline';
export { startBackend } from './backend';
export { type ConfigFile, loadConfigFile } from './config-file';
export { dataFiles } from './data-files';
export { defineConfig } from './define-config';
