export { expectTraceable, onBackends, refusingBackend } from './backends';
export { expectAllClose, expectTensors } from './expectations';
export { expectGradients, finiteDifference, type GradientCheck, sampleTensor } from './finite-difference';
export { type SmallDisk, smallDisk } from './small-disk';
