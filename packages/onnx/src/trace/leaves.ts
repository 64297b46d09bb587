import type { Tree } from '@taskloom/core';

/** A tree with the same branches, each leaf replaced: for leaves that are no tensors, which `mapTree` of core is for. Leaves are numbers, strings, or objects with a type of elements. */
export function mapLeaves<A, B>(tree: Tree<A>, fn: (leaf: A) => B): Tree<B> {
  if (isLeaf<A>(tree)) return fn(tree);
  return Object.fromEntries(Object.entries(tree as object).map(([name, branch]) => [name, mapLeaves(branch as Tree<A>, fn)])) as Tree<B>;
}

function isLeaf<A>(tree: Tree<A>): tree is A {
  return typeof tree !== 'object' || typeof (tree as { readonly dtype?: unknown }).dtype === 'string'; // a branch may be called 'dtype'
}
