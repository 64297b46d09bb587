import { add, keep, type Scalar, scalar, serialization, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers } from '@tensorflow/tfjs-layers';
import type { Json } from '../host-array';
import { type Module, run } from '../module';
import { flatten, type Params, unflatten } from '../params';
import { type Random, random } from '../random';
import { repairGradients } from '../repair-gradients';

type Shape = (number | null)[];
/** What tf.layers take: `name`, `trainable`, `inputShape`, … */
export type LayerArguments = ConstructorParameters<typeof layers.Layer>[0];

export interface AsLayerOptions<C extends Json, I, O> {
  /** Registered as `Taskloom<className>`: files that were saved with the layer name it so. The latest registration of a name is the one that loads. */
  readonly className: string;
  /** The module for a config: what loading calls. */
  readonly create: (config: C) => Module<I, O>;
  readonly config: C;
  /** Where the parameters start from, and dropout draws; folded with the layer's name. Default 0. */
  readonly seed?: number | string;
  /** The module's input from the layer's. Default: the first tensor. */
  readonly input?: (tensors: readonly Tensor[]) => I;
  /** The layer's output from the module's. Default: the output itself. */
  readonly output?: (output: O) => Tensor;
}

/** The method of such a layer that its random numbers come from. */
export const layerRandom = Symbol.for('taskloom.layer.random');
/** The field of such a layer that holds the auxiliary losses of a pass in training, kept, until they are asked for. */
export const layerLosses = Symbol.for('taskloom.layer.losses');

/**
 * A module as a tf.layers layer: returns a factory, and registers the class so that models with the layer are saved and loaded. Parameters
 * become trainable weights, buffers non-trainable ones, auxiliary losses of a pass in training part of `calculateLosses()`, hence of what `fit`
 * minimises; records are dropped. The batch axis comes first.
 *
 * @example
 * const gelu = asLayer({ className: 'Gelu', create: (c: { units: number; inputs: number }) => dense({ ...c, activation: 'gelu' }), config: { units: 8, inputs: 4 } });
 * const model = sequential({ layers: [gelu({ inputShape: [4] }), layers.dense({ units: 1 })] });
 */
export function asLayer<C extends Json, I = Tensor, O = Tensor>(options: AsLayerOptions<C, I, O>): (args?: LayerArguments) => layers.Layer {
  repairGradients();
  const { create, input = (tensors) => tensors[0] as I, output = (value) => value as unknown as Tensor } = options;

  class ModuleLayer extends layers.Layer {
    static readonly className = `Taskloom${options.className}`;
    private readonly saved: { readonly config: C; readonly seed: number | string };
    private readonly module: Module<I, O>;
    private weightsByPath: readonly { readonly path: string; readonly buffer: boolean; readonly weight: LayerVariable }[] = [];
    private calls = 0;
    [layerLosses]: Scalar[] = [];

    constructor(args: LayerArguments & { readonly module?: string } = {}) {
      super(args);
      this.saved = typeof args.module === 'string' ? JSON.parse(args.module) : { config: options.config, seed: options.seed ?? 0 };
      this.module = create(this.saved.config);
      this.addLoss(() => tidy(() => this.takeLosses()));
    }

    override build(inputShape: Shape | Shape[]): void {
      tidy(() => {
        const weights = (tree: Params, buffer: boolean) =>
          [...flatten(tree)].map(([path, value]) => {
            const weight = this.addWeight(weightName(path), value.shape, value.dtype, initializers.zeros(), undefined, !buffer);
            weight.write(value);
            return { path, buffer, weight };
          });
        this.weightsByPath = [
          ...weights(this.module.init(this.stream().fold('init')), false),
          ...weights(this.module.buffers?.() ?? {}, true),
        ];
      });
      super.build(inputShape);
    }

    override call(inputs: Tensor | Tensor[], { training = false }: { training?: boolean } = {}): Tensor {
      return tidy(() => this.pass(Array.isArray(inputs) ? inputs : [inputs], training, true));
    }

    /** Found by running the module on zeros of two sizes for what is open: an axis that follows is open too. */
    override computeOutputShape(inputShape: Shape | Shape[]): Shape {
      const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
      const probe = (size: number) =>
        tidy(
          () =>
            this.pass(
              shapes.map((shape) => zeros(shape.map((axis) => axis ?? size))),
              false,
              false,
            ).shape as unknown as Tensor,
        ) as unknown as number[];
      const [small, large] = [probe(12), probe(13)];
      return small.map((size, axis) => (size === large[axis] ? size : null));
    }

    override getConfig(): serialization.ConfigDict {
      return { ...super.getConfig(), module: keptByNameConversion(JSON.stringify(this.saved)) };
    }

    [layerRandom](): Random {
      return this.stream()
        .fold('call')
        .fold(this.calls++);
    }

    private stream(): Random {
      return random(this.saved.seed).fold(this.name);
    }

    private pass(tensors: readonly Tensor[], training: boolean, update: boolean): Tensor {
      const tree = (buffer: boolean) =>
        unflatten(this.weightsByPath.filter((entry) => entry.buffer === buffer).map(({ path, weight }) => [path, weight.read()] as const));
      const buffers = tree(true);
      const result = run(this.module, tree(false), input(tensors), {
        training,
        random: training ? this[layerRandom]() : undefined,
        buffers,
      });
      if (update && result.buffers !== buffers) {
        const updated = flatten(result.buffers);
        for (const { path, buffer, weight } of this.weightsByPath) if (buffer) weight.write(updated.get(path)!);
      }
      if (update && training) this[layerLosses].push(...Object.values(result.losses).map((loss) => keep(loss.clone())));
      return output(result.output);
    }

    /** Their sum; asking hands them over, since `fit` asks once a step. */
    private takeLosses(): Scalar {
      const losses = this[layerLosses].splice(0);
      const total = losses.reduce<Scalar>((a, b) => add(a, b), scalar(0));
      for (const loss of losses) loss.dispose();
      return total;
    }
  }

  serialization.registerClass(ModuleLayer);
  return (args) => new ModuleLayer(args);
}

/** Names of weights in TensorFlow.js hold letters, digits and `_.-/`; other characters are written as their code points. */
function weightName(path: string): string {
  return path.replace(/[^\w./-]/gu, (character) => `.${character.codePointAt(0)!.toString(16)}.`);
}

/** TensorFlow.js rewrites strings of a saved config between camel and snake case; with capitals, `_` and beyond-ASCII escaped nothing is left to rewrite. */
function keptByNameConversion(json: string): string {
  return json.replace(/[A-Z_\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
