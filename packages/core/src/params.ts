import { add, concat, dispose as disposeTensors, reshape, slice, Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { assertShape, TaskloomError } from './error';
import { type Branch, type HostArray, isHostArray, type Tree } from './host-array';

/**
 * A tree of named tensors: the parameters of a model, its gradients, an optimiser's state. Walked in code-point order of the names, whatever
 * the order of insertion; '/' separates the names of a path and is refused inside one.
 */
export type Params = { readonly [name: string]: Tensor | Params };

/** Which leaves: a path pattern (`*` one name, `**` any number of names), several of them, or a predicate on the path. */
export type Pattern = string | readonly string[] | ((path: string) => boolean);

type AnyLeaf = Tensor | HostArray;

export function isLeaf(value: unknown): value is AnyLeaf {
  return value instanceof Tensor || isHostArray(value);
}

/** The names of one branch in walking order; throws on a name that could not be part of a path. */
function namesOf(branch: object): string[] {
  const names = Object.keys(branch);
  for (const name of names) {
    if (name === '' || name.includes('/') || name === '__proto__')
      throw new TaskloomError('bad_name', `'${name}' cannot name a parameter.`, { name, remedy: "Names are not empty and hold no '/'." });
  }
  return names.sort(byCodePoint);
}

/** Code-point order, which unlike `<` on UTF-16 units agrees with the byte order of UTF-8. */
export function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  const x = [...a];
  const y = [...b];
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
  return x.length - y.length;
}

/** Same structure, each leaf replaced by `fn(leaf, path)`. */
export function mapTree<Leaf extends AnyLeaf, Out>(tree: Branch<Leaf>, fn: (leaf: Leaf, path: string) => Out, prefix?: string): Branch<Out>;
export function mapTree<Leaf extends AnyLeaf, Out>(tree: Tree<Leaf>, fn: (leaf: Leaf, path: string) => Out, prefix?: string): Tree<Out>;
export function mapTree<Leaf extends AnyLeaf, Out>(tree: Tree<Leaf>, fn: (leaf: Leaf, path: string) => Out, prefix = ''): Tree<Out> {
  if (isLeaf(tree)) return fn(tree, prefix);
  const out: Record<string, Tree<Out>> = {};
  for (const name of namesOf(tree)) out[name] = mapTree((tree as Branch<Leaf>)[name]!, fn, prefix === '' ? name : `${prefix}/${name}`);
  return out;
}

/** Same structure and types, each tensor replaced. */
export function mapParams<P extends Params>(params: P, fn: (leaf: Tensor, path: string) => Tensor): P {
  return mapTree<Tensor, Tensor>(params, fn) as unknown as P;
}

/** `fn` over the corresponding leaves of trees of one structure; throws `structure_mismatch` with the first path that differs. */
export function zipParams<P extends Params>(
  first: P,
  others: readonly Params[],
  fn: (leaves: readonly Tensor[], path: string) => Tensor,
): P {
  const flats = others.map((other) => flatten(other));
  const own = flatten(first);
  for (const flat of flats) {
    const missing = [...own.keys()].find((path) => !flat.has(path)) ?? [...flat.keys()].find((path) => !own.has(path));
    if (missing !== undefined)
      throw new TaskloomError('structure_mismatch', `The parameter trees differ at '${missing}'.`, {
        name: missing,
        remedy: 'Both trees must have the same names.',
      });
  }
  return mapParams(first, (leaf, path) => fn([leaf, ...flats.map((flat) => flat.get(path)!)], path));
}

/** Leaves by path, in walking order. */
export function flatten(tree: Params): Map<string, Tensor>;
export function flatten<Leaf extends AnyLeaf>(tree: Branch<Leaf>): Map<string, Leaf>;
export function flatten<Leaf extends AnyLeaf>(tree: Branch<Leaf>): Map<string, Leaf> {
  const flat = new Map<string, Leaf>();
  mapTree(tree, (leaf, path) => flat.set(path, leaf));
  return flat;
}

/** More branches within each other than any model has: what walks a tree, walks it recursively. */
const deepest = 100;

/** The inverse of `flatten`; throws `bad_name` for paths that do not make a tree, or one of more than 100 levels. */
export function unflatten(flat: Iterable<readonly [string, Tensor]>): Params;
export function unflatten<Leaf extends AnyLeaf>(flat: Iterable<readonly [string, Leaf]>): Branch<Leaf>;
export function unflatten<Leaf extends AnyLeaf>(flat: Iterable<readonly [string, Leaf]>): Branch<Leaf> {
  const root: Record<string, unknown> = Object.create(null);
  for (const [path, leaf] of flat) {
    const names = path.split('/', deepest + 1);
    if (names.length > deepest)
      throw new TaskloomError('bad_name', 'A path has too many names.', { name: path.slice(0, 300), expected: `at most ${deepest}` });
    let branch = root;
    for (const name of names.slice(0, -1)) {
      branch[name] ??= Object.create(null);
      const next = branch[name];
      if (isLeaf(next)) throw new TaskloomError('bad_name', `'${path}' runs through a leaf.`, { name: path });
      branch = next as Record<string, unknown>;
    }
    const last = names[names.length - 1]!;
    if (last in branch) throw new TaskloomError('bad_name', `'${path}' is given twice.`, { name: path });
    branch[last] = leaf;
  }
  return mapTree(root as Branch<Leaf>, (leaf) => leaf);
}

/** A test for paths; see `Pattern`. */
export function matcher(pattern: Pattern): (path: string) => boolean {
  if (typeof pattern === 'function') return pattern;
  const tests = (typeof pattern === 'string' ? [pattern] : pattern).map((text) => {
    const source = text
      .split('/')
      .map((name) => (name === '**' ? '**' : name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')))
      .join('/')
      .replace(/(^|\/)\*\*(?=\/|$)/g, (_, slash: string) => (slash ? '(?:/.+)?' : '.*'))
      .replace(/^\.\*\//, '(?:.*/)?');
    return new RegExp(`^${source}$`, 'u');
  });
  return (path) => tests.some((test) => test.test(path));
}

/** The sub-tree of the leaves that match; branches left empty are dropped. */
export function select(tree: Params, pattern: Pattern): Params;
export function select<Leaf extends AnyLeaf>(tree: Branch<Leaf>, pattern: Pattern): Branch<Leaf>;
export function select<Leaf extends AnyLeaf>(tree: Branch<Leaf>, pattern: Pattern): Branch<Leaf> {
  const matches = matcher(pattern);
  return unflatten([...flatten(tree)].filter(([path]) => matches(path)));
}

/** `over` laid on `base`: leaves of `over` win, all others stay. Nothing is copied. */
export function merge<P extends Params>(base: P, over: Params): P {
  const out: Record<string, Tensor | Params> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const old = Object.hasOwn(base, name) ? base[name] : undefined;
    out[name] = old !== undefined && !isLeaf(old) && !isLeaf(value) ? merge(old, value) : value;
  }
  return out as P;
}

/** Number of scalars. */
export function countParams(params: Params): number {
  let count = 0;
  for (const leaf of flatten(params).values()) count += leaf.size;
  return count;
}

/** Same names, shapes, dtypes and values, bit for bit (reads the values: not under trace). */
export function equals(a: Params, b: Params): boolean {
  const x = flatten(a);
  const y = flatten(b);
  if (x.size !== y.size) return false;
  for (const [path, leaf] of x) {
    const other = y.get(path);
    if (!other || other.dtype !== leaf.dtype || other.shape.join() !== leaf.shape.join()) return false;
    const p = leaf.dataSync();
    const q = other.dataSync();
    for (let i = 0; i < p.length; i++) if (!Object.is(p[i], q[i])) return false;
  }
  return true;
}

export function disposeParams(params: Tree<Tensor>): void {
  disposeTensors(isLeaf(params) ? params : [...flatten(params).values()]);
}

export function addParams<P extends Params>(a: P, b: Params): P {
  return zipParams(a, [b], ([x, y]) => add(x!, y!));
}

/** All float32 leaves in walking order as one vector [count], and the way back, which takes the other leaves from `params`. */
export function ravel<P extends Params>(params: P): { vector: Tensor1D; unravel(vector: Tensor1D): P } {
  const leaves = [...flatten(params)].filter(([, leaf]) => leaf.dtype === 'float32');
  if (leaves.length === 0) throw new TaskloomError('nothing_to_ravel', 'The tree has no float32 leaf.', { name: 'params' });
  const vector = tidy(() => concat(leaves.map(([, leaf]) => reshape(leaf, [leaf.size])))) as Tensor1D;
  return {
    vector,
    unravel(flat) {
      assertShape(flat.shape, [leaves.reduce((count, [, leaf]) => count + leaf.size, 0)], 'vector');
      let offset = 0;
      const parts = leaves.map(([path, leaf]) => {
        const part = tidy(() => reshape(slice(flat, [offset], [leaf.size]), leaf.shape));
        offset += leaf.size;
        return [path, part] as const;
      });
      return merge(params, unflatten(parts));
    },
  };
}
