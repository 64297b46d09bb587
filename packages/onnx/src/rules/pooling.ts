import type { Graph } from '../graph/graph';
import { sizeOf, type Value } from '../graph/value';
import { toBlockMaxima } from '../passes/pool-gradients';
import { asGiven, channelsFirst, cropped, each, type Geometry, poolGeometry, windows } from './geometry';
import { pad } from './padding';
import { type Blocks, blockMax, blockMean, blockSpread, blocksOf } from './pooling-blocks';
import type { KernelRules } from './rule';

/** Shapes of x and of the result with channels in front. */
const shapeOf = ({ axes, inChannels, inShape }: Geometry, of: 'size' | 'out') => [
  inShape[0]!,
  inChannels,
  ...each(axes, (axis) => axis[of]),
];

/** The maxima, and where they were found in x with its channels in front: the first place of each window. */
function maxima(graph: Graph, x: Value, geometry: Geometry): readonly [Value, Value] {
  const shape = shapeOf(geometry, 'out');
  const image = cropped(graph, channelsFirst(graph, graph.cast(x, 'float32'), geometry), geometry.axes);
  const results = [
    { shape, dtype: 'float32' },
    { shape, dtype: 'int64' },
  ] as const;
  return graph.node('MaxPool', [image], results, windows(geometry.axes)) as [Value, Value];
}

/** The same places for x with its channels behind. */
function placesChannelsLast(graph: Graph, found: Value, geometry: Geometry, withBatch: boolean): Value {
  const { axes, inChannels, inShape } = geometry;
  const [height, width] = each(axes, (axis) => (-axis.after >= axis.stride ? axis.size + axis.after : axis.size));
  const [batch, plane] = [inShape[0]!, height * width];
  const perImage = (of: (n: number, c: number) => number) =>
    graph.cast(
      graph.constant(
        Int32Array.from({ length: batch * inChannels }, (_, i) => of(Math.floor(i / inChannels), i % inChannels)),
        [batch, inChannels, 1, 1],
        'int32',
      ),
      'int64',
    );
  const inPlane = graph.binary(
    'Sub',
    found,
    perImage((n, c) => (n * inChannels + c) * plane),
  );
  let place = inPlane;
  if (width !== axes[1].size) {
    const row = graph.binary('Div', inPlane, graph.splat(width, [], 'int64'));
    place = graph.binary('Add', inPlane, graph.binary('Mul', row, graph.splat(axes[1].size - width, [], 'int64')));
  }
  const scaled = graph.binary('Mul', place, graph.splat(inChannels, [], 'int64'));
  const size = axes[0].size * axes[1].size * inChannels;
  const places = graph.binary(
    'Add',
    scaled,
    perImage((n, c) => (withBatch ? n * size : 0) + c),
  );
  return asGiven(graph, graph.cast(places, 'int32'), geometry);
}

/** dy added up where the maxima were found. */
function maxGradient(graph: Graph, dy: Value, x: Value, geometry: Geometry): Value {
  const { axes } = geometry;
  const [, found] = maxima(graph, x, geometry);
  const unreached = each(axes, ({ after, stride }) => (-after >= stride ? -after : 0));
  const shape = [...shapeOf(geometry, 'size').slice(0, 2), axes[0].size - unreached[0], axes[1].size - unreached[1]];
  const [size, count] = [sizeOf(shape), sizeOf(dy.shape)];
  const zeros = graph.splat(0, [size]);
  const flow = graph.reshape(channelsFirst(graph, dy, geometry), [count]);
  const sums = graph.op('ScatterElements', [zeros, graph.reshape(found, [count]), flow], zeros, { axis: 0, reduction: 'add' });
  const whole = pad(
    graph,
    graph.reshape(sums, shape),
    [0, 0, ...unreached].map((missing) => [0, missing]),
  );
  return asGiven(graph, whole, geometry);
}

/** Each dy in equal parts to all cells of its window, those outside of the image included. */
function meanGradient(graph: Graph, dy: Value, geometry: Geometry): Value {
  const { axes, inChannels } = geometry;
  const [height, width] = each(axes, ({ kernel }) => kernel);
  const unreached = each(axes, ({ after }) => Math.max(0, -after));
  const inside = each(axes, ({ after, stride }) => (-after < stride ? Math.max(0, -after) : 0));
  const whole = shapeOf(geometry, 'size');
  const shape = [whole[0]!, whole[1]!, whole[2]! - unreached[0] + inside[0], whole[3]! - unreached[1] + inside[1]];
  const cell = graph.splat(1 / (height * width), [inChannels, 1, height, width]);
  const spread = graph.op(
    'ConvTranspose',
    [channelsFirst(graph, dy, geometry), cell],
    { shape, dtype: 'float32' },
    { ...windows(axes), output_padding: inside, group: inChannels },
  );
  const missing = [0, 0, unreached[0] - inside[0], unreached[1] - inside[1]];
  return asGiven(
    graph,
    pad(
      graph,
      spread,
      missing.map((count) => [0, count]),
    ),
    geometry,
  );
}

/** The maxima; a ReLU before them comes after them, where there is less of it. */
function greatest(graph: Graph, x: Value, blocks: Blocks): Value {
  const { producer } = x;
  return producer?.op === 'Relu' ? graph.unary('Relu', blockMax(graph, producer.inputs[0]!, blocks)) : blockMax(graph, x, blocks);
}

export const poolingRules: KernelRules = {
  MaxPool: (graph, { x }, attributes) => {
    const geometry = poolGeometry(attributes, x!.shape);
    const blocks: Blocks | undefined = blocksOf(geometry);
    const image = graph.cast(x!, 'float32');
    const y = blocks ? greatest(graph, image, blocks) : asGiven(graph, maxima(graph, x!, geometry)[0], geometry);
    return graph.cast(y, x!.dtype);
  },
  MaxPoolGrad: (graph, { dy, input }, attributes) => {
    const geometry = poolGeometry(attributes, input!.shape);
    if (sizeOf(dy!.shape) === 0) return graph.splat(0, input!.shape);
    const blocks = blocksOf(geometry);
    return blocks ? toBlockMaxima(graph, dy!, graph.cast(input!, 'float32'), blocks) : maxGradient(graph, dy!, input!, geometry);
  },
  MaxPoolWithArgmax: (graph, { x }, attributes) => {
    const geometry = poolGeometry(attributes, x!.shape);
    const [y, found] = maxima(graph, x!, geometry);
    const places = placesChannelsLast(graph, found, geometry, attributes.includeBatchInIndex === true);
    return [graph.cast(asGiven(graph, y, geometry), x!.dtype), places];
  },
  AvgPool: (graph, { x }, attributes) => {
    const geometry = poolGeometry(attributes, x!.shape);
    const image = graph.cast(x!, 'float32');
    const blocks = blocksOf(geometry);
    if (blocks) return blockMean(graph, image, blocks);
    const shape = shapeOf(geometry, 'out');
    const planes = cropped(graph, channelsFirst(graph, image, geometry), geometry.axes);
    return asGiven(graph, graph.op('AveragePool', [planes], { shape, dtype: 'float32' }, windows(geometry.axes)), geometry);
  },
  AvgPoolGrad: (graph, { dy, input }, attributes) => {
    const geometry = poolGeometry(attributes, input!.shape);
    if (sizeOf(dy!.shape) === 0) return graph.splat(0, input!.shape);
    const blocks = blocksOf(geometry);
    return blocks ? blockSpread(graph, dy!, blocks) : meanGradient(graph, dy!, geometry);
  },
};
