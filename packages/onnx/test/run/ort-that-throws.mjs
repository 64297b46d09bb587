// In place of ONNX Runtime: an exception that nobody catches, while a model runs.
export const env = { versions: { common: '0' } };
export class Tensor {}
export const InferenceSession = {
  create: async () => ({
    run: () =>
      new Promise(() =>
        setImmediate(() => {
          throw new Error('out of the blue');
        }),
      ),
  }),
};
