/** The part of core that makes no tensors: imports nothing, runs anywhere. */
export { assertShape, type ErrorDetails, TaskloomError } from './error';
export { type Branch, type HostArray, hostArray, type HostType, isHostArray, type Json, type Tree } from './host-array';
export { foldKey, hashString, type HostRandom, hostRandom, type Key, randomBits, seedKey } from './host-random';
