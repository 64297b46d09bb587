export { type BalancedRows, balancedRows, type RowsToBalance } from './balanced-rows';
export type {
  Balancer,
  Balancing,
  BalancingContext,
  ColumnRule,
  DerivedRows,
  FeatureBalancer,
  GradientBalancer,
  JacobianMethod,
  LossWeighting,
  OfLosses,
  Scalarization,
  Stateful,
} from './balancing';
export { balancingContext, type ContextOptions } from './balancing-context';
export type { Batch, HostBatch, TaskRows } from './batch';
export {
  bestCheckpoint,
  type Checkpoint,
  type KeepOptions,
  newestCheckpoint,
  readCheckpoint,
  type SavedCheckpoint,
  saveCheckpoint,
} from './checkpoint';
export type { CheckpointStore, Files } from './checkpoint-store';
export type { Arithmetic, Columns } from './columns';
export { assertShape, type ErrorDetails, TaskloomError } from './error';
export {
  again,
  againKernel,
  type Compiled,
  type Executor,
  eager,
  type Feed,
  type Host,
  hostCall,
  hostCallKernel,
  readTree,
  toTensor,
} from './executor';
export { type GradientOptions, innerProduct, jacobianRows, valueAndGradients } from './gradients';
export { type Branch, type HostArray, type HostType, hostArray, isHostArray, type Json, type Tree } from './host-array';
export { combineHostRows, gramianOfHostRows, type HostRows, hostRowsOf } from './host-columns';
export { hostJacobianStep, type JacobianState } from './host-jacobian-step';
export { foldKey, type HostRandom, hashString, hostRandom, type Key, randomBits, seedKey } from './host-random';
export { type Initializer, type InitializerOptions, initialize } from './initializers';
export { combineColumns, combineRows, gramianOf, gramiansByLeaf, jacobianMemory } from './jacobian';
export {
  type JacobianOracle,
  type JacobianStep,
  type JacobianStepResult,
  jacobianMethod,
  type RowCombination,
  type RowGroup,
} from './jacobian-method';
export { fromLosslessJson, toLosslessJson } from './lossless-json';
export { type Context, type Module, type RunOptions, type RunResult, run, type TaskInput } from './module';
export type {
  Encoding,
  HeadInput,
  ModelParts,
  MultiTaskInput,
  MultiTaskModel,
  MultiTaskParams,
  TableRead,
  TableReads,
  TaskHead,
  TrunkStages,
} from './multi-task';
export { tablesWithin } from './multi-task';
export { type GeluOptions, gelu, logSoftmax, logSumExp, type MatMulOptions, matMulBroadcast, softmax, stopGradient, take } from './ops';
export type { Optimizer, StepInfo } from './optimizers/transformation';
export { checkCounts, checkNumbers, checkOption, chosen } from './option';
export {
  addParams,
  byCodePoint,
  countParams,
  disposeParams,
  equals,
  flatten,
  isLeaf,
  mapParams,
  mapTree,
  matcher,
  merge,
  type Params,
  type Pattern,
  ravel,
  select,
  unflatten,
  zipParams,
} from './params';
export { type DrawAttributes, keyTensor, type Random, random, randomKernel } from './random';
export { repairGradients } from './repair-gradients';
export { restoredState } from './restored-state';
export { type RowView, type RowViewOptions, rowView } from './row-view';
export {
  type EmbeddingTable,
  type EmbeddingTableOptions,
  embeddingTable,
  type TableRows,
  type TableState,
  type TableView,
} from './rows/embedding-table';
export {
  type RowStep,
  type SparseAdagradOptions,
  type SparseAdamOptions,
  type SparseOptimizer,
  sparseAdagrad,
  sparseAdam,
  sparseSgd,
} from './rows/sparse-optimizers';
export type { Combiner } from './rows/terms';
export {
  hostTree,
  readSafetensors,
  type SafetensorsFile,
  type SafetensorsOptions,
  type SafetensorsType,
  type StoredArray,
  toHostArray,
  writeSafetensors,
} from './safetensors';
export { memoryStore } from './stores/memory';
