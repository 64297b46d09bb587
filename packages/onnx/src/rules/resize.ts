import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { KernelAttributes, KernelRules } from './rule';

/** Where an element of the result lies between the elements of the image. */
function positions(from: number, to: number, { alignCorners, halfPixelCenters }: KernelAttributes): number[] {
  const aligned = alignCorners && to > 1;
  const ratio = aligned ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, i) => (halfPixelCenters ? ratio * (i + 0.5) - 0.5 : ratio * i));
}

/** The matrix [to, from] that interpolates one axis. */
function interpolation(graph: Graph, from: number, to: number, attributes: KernelAttributes): Value {
  const weights = new Float32Array(to * from);
  for (const [i, at] of positions(from, to, attributes).entries()) {
    const [low, high] = [Math.max(0, Math.floor(at)), Math.min(from - 1, Math.ceil(at))];
    weights[i * from + low]! += 1 - (at - low);
    weights[i * from + high]! += at - low;
  }
  return graph.constant(weights, [to, from], 'float32');
}

/** rows · x · columnsᵀ for the height and width of x [batch, height, width, channels]. */
function alongAxes(graph: Graph, x: Value, rows: Value, columns: Value): Value {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [newHeight, newWidth] = [rows.shape[0]!, columns.shape[0]!];
  const tall = graph.matMul(rows, graph.reshape(x, [batch, height, width * channels]));
  const wide = graph.matMul(columns, graph.reshape(tall, [batch * newHeight, width, channels]));
  return graph.reshape(wide, [batch, newHeight, newWidth, channels]);
}

/** Bilinear interpolation is linear in each axis, so it is two small matrix products, and its gradient the same transposed. */
export const resizeRules: KernelRules = {
  ResizeBilinear: (graph, { images }, attributes) => {
    const [height, width] = attributes.size as [number, number];
    const x = graph.cast(images!, 'float32');
    const axis = (from: number, to: number) => interpolation(graph, from, to, attributes);
    return alongAxes(graph, x, axis(x.shape[1]!, height), axis(x.shape[2]!, width));
  },
  ResizeBilinearGrad: (graph, { images, dy }, attributes) => {
    const axis = (at: number) => graph.transpose(interpolation(graph, images!.shape[at]!, dy!.shape[at]!, attributes), [1, 0]);
    return alongAxes(graph, dy!, axis(1), axis(2));
  },
  ResizeNearestNeighbor: (graph, { images }, attributes) => {
    const { size, alignCorners, halfPixelCenters } = attributes as {
      size: [number, number];
      alignCorners: boolean;
      halfPixelCenters: boolean;
    };
    return size.reduce((x, to, i) => {
      const from = x.shape[i + 1]!;
      const nearest = positions(from, to, { alignCorners }).map((_, at) => {
        const ratio = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
        const position = ratio * (halfPixelCenters ? at + 0.5 : at);
        return Math.max(0, Math.min(from - 1, alignCorners ? Math.round(position) : Math.floor(position)));
      });
      return graph.gather(x, graph.constant(Int32Array.from(nearest), [to], 'int32'), i + 1);
    }, images!);
  },
};
