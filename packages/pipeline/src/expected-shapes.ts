import { type MultiTaskModel, mapTree, type Params, type Random } from '@taskloom/core';
import { dispose, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { corrupt } from './run-files';

/**
 * The shapes of a model's parameters by path, found by initialising it from a stream that draws only zeros. Throws `run_corrupt` as soon as it
 * wants more numbers than `budget`, so that a false description cannot make us allocate more than the parameters that come with it.
 */
export function expectedShapes(model: MultiTaskModel, budget: number): Map<string, readonly number[]> {
  let drawn = 0;
  const draw = (shape: readonly number[]): Tensor => {
    drawn += shape.reduce((a, b) => a * b, 1);
    if (drawn > budget) throw corrupt('config.json', 'it describes a larger model than its parameters');
    return zeros([...shape]);
  };
  const stream: Random = { key: [0, 0], fold: () => stream, uniform: draw, normal: draw, bernoulli: (_, shape) => draw(shape) };
  const params: Params = model.init(stream);
  const shapes = new Map<string, readonly number[]>();
  mapTree<Tensor, void>(params, (leaf, path) => void shapes.set(path, leaf.shape));
  dispose(params as never);
  return shapes;
}
