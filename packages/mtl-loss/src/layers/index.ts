export { type CompiledLoss, type CompiledModel, type CompileLossOptions, compileLoss } from './compile-loss';
