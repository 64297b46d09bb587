import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { type Axis, channelsAtEnd, channelsFirst, cropped, each, type Geometry } from './geometry';
import { pad } from './padding';

/** xᵀ·y of matrices with one row for each place. */
function transposedProduct(graph: Graph, x: Value, y: Value): Value {
  return graph.op('Gemm', [x, y], { shape: [x.shape[1]!, y.shape[1]!], dtype: 'float32' }, { transA: 1 });
}

const asRows = (graph: Graph, x: Value): Value => graph.reshape(x, [x.shape.slice(0, -1).reduce((a, b) => a * b, 1), x.shape.at(-1)!]);

/** The gradient of x·w with respect to w, over all places. */
export function pointwiseFilterGradient(graph: Graph, x: Value, dy: Value): Value {
  return transposedProduct(graph, asRows(graph, x), asRows(graph, dy));
}

/** Channels up to which the shifted images are put side by side before they are multiplied: products that are too narrow waste most of their time. */
export const narrow = 16;

/**
 * Places of an image from which on each image is multiplied by itself and the products are added up: over all places at once the product is long and narrow, which two threads
 * share badly (measured at [100, 14, 14, 64]: 34 ms for 67 of processor time on two threads, 30 for 34 on one; at 9 places an image it is the slower way).
 */
const fewest = 36;

/** For each cell of the filter, the elements of x that it met [batch, height, width, channels]. */
function shifted(graph: Graph, x: Value, axes: readonly [Axis, Axis]): Value[] {
  const borders = each(axes, ({ before, after }) => [before, Math.max(0, after)] as const);
  const padded = pad(graph, x, [[0, 0], ...borders, [0, 0]]);
  const [rows, columns] = axes;
  const steps = each(axes, ({ stride }) => stride);
  const cells: Value[] = [];
  for (let i = 0; i < rows.kernel; i++)
    for (let j = 0; j < columns.kernel; j++) {
      const starts = [i * rows.dilation, j * columns.dilation] as const;
      const ends = each(axes, ({ out, stride }) => (out - 1) * stride + 1).map((length, axis) => starts[axis]! + length);
      cells.push(graph.slice(padded, starts, ends, [1, 2], steps[0] === 1 && steps[1] === 1 ? undefined : steps));
    }
  return cells;
}

/** The same side by side, as rows [places, height · width · channels] in the order of a filter's cells and channels. */
export function columns(graph: Graph, x: Value, axes: readonly [Axis, Axis]): Value {
  return graph.concat(
    shifted(graph, x, axes).map((cell) => asRows(graph, cell)),
    1,
  );
}

/** The transpose of a convolution with respect to its filter. */
export function filterGradient(graph: Graph, x: Value, dy: Value, geometry: Geometry, depthwise: boolean): Value {
  const { axes, inChannels, outChannels, inShape } = geometry;
  const [height, width] = each(axes, ({ kernel }) => kernel);
  if (depthwise) return depthwiseFilterGradient(graph, x, dy, geometry);
  const image = channelsAtEnd(graph, x, geometry);
  if (inChannels >= narrow && outChannels >= narrow && axes[0].out * axes[1].out >= fewest && inShape[0]! > 1) {
    const byCell = shifted(graph, image, axes).map((cell) => byImage(graph, cell, channelsFirst(graph, dy, geometry)));
    return graph.transpose(graph.reshape(graph.concat(byCell, 0), [height, width, outChannels, inChannels]), [0, 1, 3, 2]);
  }
  const rows = asRows(graph, channelsAtEnd(graph, dy, geometry));
  const products =
    inChannels < narrow
      ? transposedProduct(graph, columns(graph, image, axes), rows)
      : graph.concat(
          shifted(graph, image, axes).map((cell) => transposedProduct(graph, asRows(graph, cell), rows)),
          0,
        );
  return graph.reshape(products, [height, width, inChannels, outChannels]);
}

/** Σ of dy [batch, out, h, w] times x [batch, h, w, in], as [1, out · in]. */
function byImage(graph: Graph, x: Value, dy: Value): Value {
  const [batch, height, width, inChannels] = x.shape as [number, number, number, number];
  const outChannels = dy.shape[1]!;
  const products = graph.matMul(
    graph.reshape(dy, [batch, outChannels, height * width]),
    graph.reshape(x, [batch, height * width, inChannels]),
  );
  return graph.matMul(graph.splat(1, [1, batch]), graph.reshape(products, [batch, outChannels * inChannels]));
}

/** A convolution of each channel with its gradient, the batch being what is summed over: stride and dilation change places. */
function depthwiseFilterGradient(graph: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { axes, inChannels, outChannels } = geometry;
  const batch = x.shape[0]!;
  const [height, width] = each(axes, ({ kernel }) => kernel);
  const image = cropped(graph, channelsFirst(graph, x, geometry), axes);
  const channels = graph.reshape(graph.transpose(image, [1, 0, 2, 3]), [1, inChannels * batch, image.shape[2]!, image.shape[3]!]);
  const filter = graph.transpose(channelsFirst(graph, dy, geometry), [1, 0, 2, 3]);
  // Elements that are left over give further cells, which are cut off.
  const shape = [1, outChannels, ...each(axes, ({ kernel, dilation, after }) => kernel + Math.floor(Math.max(0, -after) / dilation))];
  const found = graph.op(
    'Conv',
    [channels, filter],
    { shape: shapeAfterCrop(shape, axes), dtype: 'float32' },
    {
      kernel_shape: each(axes, ({ out }) => out),
      strides: each(axes, ({ dilation }) => dilation),
      dilations: each(axes, ({ stride }) => stride),
      pads: [...each(axes, ({ before }) => before), ...each(axes, ({ after }) => Math.max(0, after))],
      group: inChannels,
    },
  );
  const cells = graph.slice(found, [0, 0], [height, width], [2, 3]);
  return graph.transpose(graph.reshape(cells, [inChannels, outChannels / inChannels, height, width]), [2, 3, 0, 1]);
}

/** Where `cropped` took the rest away, there are no further cells. */
function shapeAfterCrop(shape: readonly number[], axes: readonly [Axis, Axis]): number[] {
  return shape.map((size, i) => {
    const axis = axes[i - 2];
    return axis && -axis.after >= axis.stride ? axis.kernel : size;
  });
}
