import { againKernel, hostCallKernel } from '@taskloom/core';
import type { HostComputation } from '../graph/value';
import type { KernelRules } from './rule';

export const hostCallRules: KernelRules = {
  [againKernel]: (graph, { x }) => graph.op('Identity', [x], x!),
  [hostCallKernel]: (graph, inputs, { shapes, run }) => {
    const given = Object.keys(inputs)
      .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))
      .map((name) => inputs[name]!);
    return graph.host(given, shapes as readonly (readonly number[])[], run as HostComputation);
  },
};
