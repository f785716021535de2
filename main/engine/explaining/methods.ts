import type { ExplanationMethod } from '../../contract/explaining.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { ModelSummary } from '../../contract/training.ts';

/** What methods ask of a model. */
export interface ExplainedModel extends Pick<ModelSummary, 'layers'> {
  readonly kind: RunConfig['model']['kind'];
}

interface MethodEntry {
  readonly title: string;
  /** What the picture is and is not, for the person who reads it. */
  readonly statement: string;
  readonly supports: (model: ExplainedModel) => boolean;
}

/** Any differentiable model that reads pictures. */
const always = () => true;

export const methods: Readonly<Record<ExplanationMethod, MethodEntry>> = {
  saliency: {
    title: 'Saliency',
    statement:
      'Bright pixels are those where a tiny change of brightness would change the score of the class most (the size of the gradient). It shows what the model is sensitive to, not what it takes as evidence, and it is noisy: neighbouring pixels can differ for no reason.',
    supports: always,
  },
  integrated_gradients: {
    title: 'Integrated gradients',
    statement:
      'How much each pixel adds to (positive) or takes from (negative) the score of the class, on the way from a black picture to this one; the parts add up to the difference of the two scores. Against another starting picture the answer would be another: black pixels cannot get any credit here.',
    supports: always,
  },
  grad_cam: {
    title: 'Grad-CAM',
    statement:
      'Regions whose features in the last convolution speak for the class, from 0 to 1 within this picture. It is coarse, since that layer is smaller than the picture, leaves out what speaks against the class, and cannot be compared between pictures.',
    // The last convolution of an ensemble is that of one member alone.
    supports: ({ kind, layers }) => kind !== 'ensemble' && layers.some((layer) => layer.kind === 'Conv2d'),
  },
};

export const methodNames = Object.keys(methods) as ExplanationMethod[];
