export type { InnerLearningRate, LossContext, MetaLoss } from './inner-loop';
export { type AdaptOptions, type Episode, type Maml, type MamlOptions, maml } from './maml';
export { stackParams } from './task-axis';
