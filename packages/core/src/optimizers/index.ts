export type { Optimizer, StepInfo } from './transformation';
