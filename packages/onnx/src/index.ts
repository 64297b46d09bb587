export { type ExportOptions, exportOnnx, type InputSpec } from './export/export-onnx';
export { readOnnxMetadata } from './export/metadata';
export type { CompileOptions } from './run/executor';
export { type OrtOptions, ort } from './run/node';
export type { CompileWarning } from './run/shapes';
export { isTraceable } from './trace/backend';
