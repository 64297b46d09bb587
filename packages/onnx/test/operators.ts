import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { nodesOf, type Value } from '../src/graph/value';
import type { Program } from '../src/run/program';
import { mapLeaves } from '../src/trace/leaves';
import type { Trace } from '../src/trace/trace';

/** How often each operator occurs in what a step returns. */
export function operators({ outputs, nextState }: Pick<Trace, 'outputs' | 'nextState'>): Record<string, number> {
  const values: Value[] = [...nextState.values()];
  mapLeaves(outputs, (value) => values.push(value));
  const counts: Record<string, number> = {};
  for (const { op } of nodesOf(values)) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

/** How often each stands in the models that a step is written in, in all its stages; host calls are counted too. */
export function operatorsOf({ stages }: Pick<Program, 'stages'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const stage of stages) {
    const ops = stage.kind === 'host' ? ['HostCall'] : fromBinary(ModelProtoSchema, stage.model).graph!.node.map(({ opType }) => opType);
    for (const op of ops) counts[op] = (counts[op] ?? 0) + 1;
  }
  return counts;
}
