import type { CompilableModel, CompiledGraph, ParameterValues, Tensor, TensorSpec, Trace } from '../../graph/index.ts';
import { compileSampler, GraphError, Module, multiply } from '../../graph/index.ts';
import { CLASS_INPUT } from './class-input.ts';
import { DdimStep, Diffusion, ddimTimes, GUIDANCE } from './diffusion.ts';
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
   * `x` of standard normal numbers shaped like images, then `output` fed back as `x` along `drawingTimes(steps)`:
   * `time` and `next` int64 [N]. The images are in the last step's output `image`, in [0, 1].
   */
  | { readonly kind: 'ddim'; readonly steps: number; readonly guidance: number; readonly prediction: 'epsilon' | 'v' };

/** A module that runs one part of another, under that part's name. */
class Part extends Module {
  readonly kind = 'Part';
  readonly #asksTemperature: boolean;

  /** @param asksTemperature whether the input `temperature`, float32 [1], is the deviation of what it draws from */
  constructor(asksTemperature = false) {
    super();
    this.#asksTemperature = asksTemperature;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const [entry] = this.children();
    if (!entry) throw new GraphError('invalid-argument', 'There is no part to run.');
    return trace.run(entry[0], entry[1], this.#asksTemperature ? multiply(x, trace.input(TEMPERATURE.name)) : x);
  }
}

const TEMPERATURE: TensorSpec = { name: 'temperature', dtype: 'float32', shape: [1] };

/** @throws GraphError if the model draws nothing */
export function samplerOf(model: CompilableModel): Sampler {
  const { module, inputShape } = model;
  if (module instanceof Diffusion) {
    const times = ['time', 'next'].map((name) => ({ ...CLASS_INPUT, name }));
    return {
      kind: 'ddim',
      classes: module.classes,
      steps: module.steps,
      guidance: module.guidance,
      prediction: module.prediction,
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

/** How many steps of DDIM a picture takes where nobody says, of a model that learned from so many. */
export const usualSteps = (steps: number): number => Math.min(50, steps);

/** The times of a DDIM sampler, latest first, with the clean image's −1 at the end. */
export const drawingTimes = (steps: number, count = usualSteps(steps)): readonly number[] => ddimTimes(steps, count);

/**
 * How a trained generative model draws once it has left: one graph that takes `noise`, `label` where it is told classes, and
 * `temperature`; or, of diffusion, `steps` and `guidance` where it is told classes. Outputs as `compileSampler` has them.
 * @throws GraphError if the model draws nothing
 */
export function compileDrawing(
  model: CompilableModel,
  parameters: ParameterValues,
  metadata: Readonly<Record<string, string>> = {},
): CompiledGraph {
  const { module, inputShape } = model;
  if (module instanceof Diffusion) {
    const moments = ['time', 'next'].map((name): TensorSpec => ({ name, dtype: 'int64', shape: [1] }));
    const guided = module.classes > 0 ? [CLASS_INPUT, GUIDANCE] : [];
    return compileSampler(
      { module: new DdimStep(module, true), inputShape, moreInputs: [...moments, ...guided] },
      { parameters, metadata, pictures: 'image', schedule: { moments: module.steps, time: 'time', next: 'next' } },
    );
  }
  const { model: drawing } = samplerOf(model);
  const cooled = Object.assign(new Part(true), Object.fromEntries(drawing.module.children()));
  return compileSampler(
    { ...drawing, module: cooled, moreInputs: [...(drawing.moreInputs ?? []), TEMPERATURE] },
    { parameters, metadata, pictures: 'output' },
  );
}

type LatentPart = VaeDecoder | Generator;

const latentSampler = (part: Part, { latent, classes, temperature }: LatentPart): Sampler => ({
  kind: 'latent',
  classes,
  temperature,
  model: { module: part, inputShape: [latent], moreInputs: told(classes) },
});

const told = (classes: number) => (classes > 0 ? [CLASS_INPUT] : []);
