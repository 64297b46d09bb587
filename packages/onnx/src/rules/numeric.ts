import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

/*
 * Types as the kernels of TensorFlow.js have them: a kernel computes in double precision and stores its result in the type of its input. The one
 * difference here is that a boolean operand of arithmetic counts as an int32, and so does the result; tfjs keeps such counts in its bytes of type bool.
 */

export function float(graph: Graph, x: Value): Value {
  return graph.cast(x, 'float32');
}

/** x, or its 0 and 1 as int32. */
export function number(graph: Graph, x: Value): Value {
  return x.dtype === 'bool' ? graph.cast(x, 'int32') : x;
}

/** tfjs makes both sides of an op of one type before it calls the kernel, save for a few ops; booleans still have to become numbers. */
export function promoted(graph: Graph, a: Value, b: Value): [Value, Value] {
  const dtype = a.dtype === 'float32' || b.dtype === 'float32' ? 'float32' : 'int32';
  return [graph.cast(a, dtype), graph.cast(b, dtype)];
}

/** The greatest float32 below 2³¹. */
const greatestInteger = 2147483520;

/** x towards zero as int32, where what is not finite is 0: how an Int32Array stores a number. */
export function truncated(graph: Graph, x: Value): Value {
  const inRange = graph.binary('LessOrEqual', graph.unary('Abs', x), graph.splat(greatestInteger), 'bool');
  return graph.cast(graph.where(inRange, x, graph.splat(0)), 'int32');
}

/** A function of float32 applied to any type, its result stored as tfjs does. */
export function throughFloat(graph: Graph, x: Value, compute: (x: Value) => Value): Value {
  return x.dtype === 'float32' ? compute(x) : truncated(graph, compute(float(graph, x)));
}
