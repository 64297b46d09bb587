export type { CompileOptions, CompileWarning } from './run/executor';
export { type OrtOptions, ort } from './run/node';
export { isTraceable } from './trace/backend';
