export {
  balancingContext,
  type ContextOptions,
  fromLosslessJson as decodeState,
  type JacobianState,
  toLosslessJson as encodeState,
} from '@taskloom/core';
export { type AlignedMtlOptions, alignedMtl } from './aligned-mtl';
export { type BalancedJacobian, balanceJacobian, type Jacobian, type Representation } from './balance-jacobian';
export { type CagradOptions, cagrad } from './cagrad';
export type { CarriedWeights } from './carried-weights';
export { type ConfigOptions, config } from './config';
export { type DbMtlOptions, type DbMtlState, dbMtl } from './db-mtl';
export { type DualProjOptions, dualProj } from './dual-proj';
export { type DynamicWeightAverageOptions, type DynamicWeightAverageState, dynamicWeightAverage } from './dynamic-weight-average';
export { type EveryNStepsState, everyNSteps } from './every-n-steps';
export { type ExcessMtlOptions, type ExcessMtlState, excessMtl } from './excess-mtl';
export { type FairGradOptions, fairGrad } from './fair-grad';
export { type FamoOptions, type FamoState, famo } from './famo';
export { fixed } from './fixed';
export { type GlsOptions, gls } from './gls';
export { type GradDropOptions, gradDrop } from './grad-drop';
export { type GradNormOptions, type GradNormState, gradNorm } from './grad-norm';
export { type GradVacOptions, type GradVacState, gradVac } from './grad-vac';
export { combineRows, gramianOf, jacobianMemory } from './gramian';
export { type ImtlOptions, type ImtlState, imtl } from './imtl';
export { type ImtlGOptions, imtlG } from './imtl-g';
export { type ImtlLOptions, type ImtlLParameters, imtlL } from './imtl-l';
export { type KrumOptions, krum } from './krum';
export { type LogOptions, log } from './log';
export type { LossBased } from './loss-based';
export { type MConfigOptions, type MConfigState, mConfig } from './m-config';
export { mean } from './mean';
export { type MgdaOptions, mgda } from './mgda';
export { type MocoOptions, type MocoState, moco } from './moco';
export { type ModoOptions, modo } from './modo';
export { type BlockStates, type MultiTaskGradients, type MultiTaskGradientsOptions, multiTaskGradients } from './multi-task-gradients';
export { type NashMtlOptions, type NashMtlState, nashMtl } from './nash-mtl';
export { type PcgradOptions, pcgrad } from './pcgrad';
export { rgw } from './rgw';
export { type RlwOptions, rlw } from './rlw';
export { type SdmgradOptions, sdmgrad } from './sdmgrad';
export { type SmoothTchebycheffOptions, smoothTchebycheff } from './smooth-tchebycheff';
export { type SmoothedState, smoothed } from './smoothed';
export { type StchOptions, type StchState, stch } from './stch';
export { sum } from './sum';
export type { TaskValues } from './task-values';
export type { NoParameters, TotalLoss, WeighingTotal } from './total-loss';
export { type TrimmedMeanOptions, trimmedMean } from './trimmed-mean';
export { type UncertaintyKind, type UncertaintyOptions, type UncertaintyParameters, uncertainty } from './uncertainty';
export { type UpgradOptions, upgrad } from './upgrad';
export { type Priorities, withPriorities } from './with-priorities';
