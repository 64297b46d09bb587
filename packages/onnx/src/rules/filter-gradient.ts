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
const narrow = 16;

/** For each cell of the filter, the elements of x that it met, as rows [places, channels]. */
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
      const cell = graph.slice(padded, starts, ends, [1, 2], steps[0] === 1 && steps[1] === 1 ? undefined : steps);
      cells.push(asRows(graph, cell));
    }
  return cells;
}

/** The transpose of a convolution with respect to its filter. */
export function filterGradient(graph: Graph, x: Value, dy: Value, geometry: Geometry, depthwise: boolean): Value {
  const { axes, inChannels, outChannels } = geometry;
  const [height, width] = each(axes, ({ kernel }) => kernel);
  if (depthwise) return depthwiseFilterGradient(graph, x, dy, geometry);
  const cells = shifted(graph, channelsAtEnd(graph, x, geometry), axes);
  const rows = asRows(graph, channelsAtEnd(graph, dy, geometry));
  const products =
    inChannels < narrow
      ? transposedProduct(graph, graph.concat(cells, 1), rows)
      : graph.concat(
          cells.map((cell) => transposedProduct(graph, cell, rows)),
          0,
        );
  return graph.reshape(products, [height, width, inChannels, outChannels]);
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
