export { type AsLayerOptions, asLayer, type LayerArguments } from './as-layer';
export { type FunctionalCallOptions, type FunctionalCallResult, functionalCall } from './functional-call';
export type { States } from './layer-tree';
export { assignParams, type ModelParams, paramsOf } from './weights';
