export { type AdabeliefOptions, adabelief } from './adabelief';
export { type AdadeltaOptions, adadelta } from './adadelta';
export { type AdafactorOptions, adafactor } from './adafactor';
export { type AdagradOptions, adagrad } from './adagrad';
export { type AdamOptions, adam, adamw, scaleByAdam } from './adam';
export { type AdamaxOptions, adamax } from './adamax';
export { chain } from './chain';
export { clipByGlobalNorm, clipByValue, globalNorm } from './clipping';
export { lamb, scaleByTrustRatio, type TrustRatioOptions } from './lamb';
export { type LarsOptions, lars } from './lars';
export { type LionOptions, lion, scaleByLion } from './lion';
export { type LookaheadOptions, lookahead } from './lookahead';
export { exponentialMovingAverage, type MovingAverageOptions } from './moving-average';
export { type NadamOptions, nadam } from './nadam';
export { type RadamOptions, radam } from './radam';
export { type RmsOptions, rmsprop, scaleByRms } from './rmsprop';
export { addDecayedWeights, type DecayOptions, scale, scaleByLearningRate, scaleByPath } from './scale';
export {
  type CosineOptions,
  constant,
  cosine,
  exponential,
  inverseSquareRoot,
  linear,
  type OneCycleOptions,
  oneCycle,
  polynomial,
  type Schedule,
  stepwise,
  warmup,
} from './schedules';
export { sgd, type TraceOptions, trace } from './sgd';
export { applyUpdates, type Leaf, type LeafwiseOptions, leafwise, type Optimizer, type StepInfo } from './transformation';
export { type YogiOptions, yogi } from './yogi';
