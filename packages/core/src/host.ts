/** The part of core that makes no tensors: imports nothing, runs anywhere. */
export { assertShape, type ErrorDetails, TaskloomError } from './error';
export { type Branch, type HostArray, type HostType, hostArray, isHostArray, type Json, type Tree } from './host-array';
export {
  bernoulliGrid,
  foldKey,
  type HostRandom,
  hashString,
  hostRandom,
  type Key,
  normalTables,
  randomBits,
  seedKey,
} from './host-random';
