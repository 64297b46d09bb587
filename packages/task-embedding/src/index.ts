export { type ConditionableTrunk, type ConditionedTrunk, type ConditionOptions, condition } from './condition';
export { add } from './fusions/add';
export { type ConcatenateOptions, concatenate } from './fusions/concatenate';
export { film } from './fusions/film';
export type { Fusion, FusionInput, FusionOptions } from './fusions/fusion';
export { type WeightedOptions, weighted } from './fusions/weighted';
export { oneHot } from './one-hot';
export {
  addTask,
  removeTask,
  type TaskEmbedding,
  type TaskEmbeddingOptions,
  type TaskEmbeddingParams,
  taskEmbedding,
} from './task-embedding';
export { type TokenSequence, taskToken } from './task-token';
export { type TaskVectors, taskIds } from './task-vectors';
