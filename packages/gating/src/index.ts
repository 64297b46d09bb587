export { combine, type Dispatch, denseGates, dispatch, expertInput } from './dispatch';
export type { Experts } from './experts';
export { type GateOptions, type MixtureOptions, mixtureOfExperts, sigmoidGate, softGate } from './mixture';
export { type MmoeOptions, mmoe } from './mmoe';
export type { Router, RouterOptions, Routing } from './router';
export { sigmoidRouter } from './routers/sigmoid-router';
export { type SoftmaxRouterOptions, softmaxRouter } from './routers/softmax-router';
export { type TopKRouterOptions, topKRouter } from './routers/top-k-router';
export { balanceLoss, type Usage, usage } from './usage';
