import type { CompilableModel } from '../../graph/index.ts';
import { GraphError, Module, type Tensor, type Trace } from '../../graph/index.ts';
import { DdimStep, Diffusion } from './diffusion.ts';
import { Gan } from './gan.ts';
import { Vae } from './vae.ts';

/** How a trained generative model draws. Weights carry over by name: give `compileForward` those of the training. */
export type Sampler =
  /** `x` [N, latent] of standard normal numbers → `output` [N, channels, height, width] in (0, 1). */
  | { readonly kind: 'latent'; readonly model: CompilableModel }
  /**
   * `x` of standard normal numbers shaped like images, then `output` fed back as `x` along `ddimTimes(steps, count)`:
   * `time` and `next` int64 [N]. The images are in the last step's output `image`, in [0, 1].
   */
  | { readonly kind: 'ddim'; readonly model: CompilableModel; readonly steps: number };

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
    const times = ['time', 'next'].map((name) => ({ name, dtype: 'int64', shape: ['batch'] }) as const);
    return {
      kind: 'ddim',
      steps: module.steps,
      model: { module: new DdimStep(module), inputShape, moreInputs: times },
    };
  }
  if (module instanceof Vae) {
    const part = Object.assign(new Part(), { decoder: module.decoder });
    return { kind: 'latent', model: { module: part, inputShape: [module.mean.weight.shape[0] ?? 0] } };
  }
  if (module instanceof Gan) {
    const part = Object.assign(new Part(), { generator: module.generator });
    return { kind: 'latent', model: { module: part, inputShape: [module.generator.project.weight.shape[1] ?? 0] } };
  }
  throw new GraphError('unsupported', `A ${module.kind} draws no samples.`);
}
