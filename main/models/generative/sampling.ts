import type { CompilableModel } from '../../graph/index.ts';
import { GraphError, Module, type Tensor, type Trace } from '../../graph/index.ts';
import { CLASS_INPUT } from './class-input.ts';
import { DdimStep, Diffusion } from './diffusion.ts';
import { Gan, type Generator } from './gan.ts';
import { Vae, type VaeDecoder } from './vae.ts';

/**
 * How a trained generative model draws. Weights carry over by name: give `compileForward` those of the training. With
 * `classes` above 0 it is told which to draw by `label`, int64 [N].
 */
export type Sampler = { readonly classes: number; readonly model: CompilableModel } & Drawing;

type Drawing =
  /** `x` [N, latent] of normal numbers with the deviation `temperature` → `output` [N, channels, height, width] in (0, 1). */
  | { readonly kind: 'latent'; readonly temperature: number }
  /**
   * `x` of standard normal numbers shaped like images, then `output` fed back as `x` along `ddimTimes(steps, count)`:
   * `time` and `next` int64 [N]. The images are in the last step's output `image`, in [0, 1].
   */
  | { readonly kind: 'ddim'; readonly steps: number };

/** A module that runs one part of another, under that part's name. */
class Part extends Module {
  readonly kind = 'Part';

  forward(x: Tensor, trace: Trace): Tensor {
    const [entry] = this.children();
    if (!entry) throw new GraphError('invalid-argument', 'There is no part to run.');
    return trace.run(entry[0], entry[1], x);
  }
}

/** @throws GraphError if the model draws nothing */
export function samplerOf(model: CompilableModel): Sampler {
  const { module, inputShape } = model;
  if (module instanceof Diffusion) {
    const times = ['time', 'next'].map((name) => ({ ...CLASS_INPUT, name }));
    return {
      kind: 'ddim',
      classes: module.classes,
      steps: module.steps,
      model: { module: new DdimStep(module), inputShape, moreInputs: [...times, ...told(module.classes)] },
    };
  }
  if (module instanceof Vae) {
    return latentSampler(Object.assign(new Part(), { decoder: module.decoder }), module.decoder);
  }
  if (module instanceof Gan) {
    return latentSampler(Object.assign(new Part(), { generator: module.generator }), module.generator);
  }
  throw new GraphError('unsupported', `A ${module.kind} draws no samples.`);
}

type LatentPart = VaeDecoder | Generator;

const latentSampler = (part: Part, { latent, classes, temperature }: LatentPart): Sampler => ({
  kind: 'latent',
  classes,
  temperature,
  model: { module: part, inputShape: [latent], moreInputs: told(classes) },
});

const told = (classes: number) => (classes > 0 ? [CLASS_INPUT] : []);
