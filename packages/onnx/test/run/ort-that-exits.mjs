// In place of ONNX Runtime: its native code ends the thread.
export const env = { versions: { common: '0' } };
export class Tensor {}
export const InferenceSession = { create: async () => ({ run: () => process.exit(3) }) };
