export { type ExportOptions, exportOnnx, type InputSpec } from './export/export-onnx';
export { readOnnxMetadata } from './export/metadata';
export type { CompileOptions } from './run/executor';
export type { OnnxModel } from './run/model';
export { isInstalled, type OrtOptions, ort } from './run/node';
export { openModel } from './run/open-model';
export type { CompileWarning } from './run/shapes';
export { isTraceable } from './trace/backend';
