import type { OperatorTable } from '../operator.ts';
import { activationOperators } from './activation.ts';
import { attentionOperators } from './attention.ts';
import { augmentationOperators } from './augmentation.ts';
import { channelOperators } from './channel.ts';
import { classificationOperators } from './classification.ts';
import { convolutionOperators } from './convolution.ts';
import { detectionOperators } from './detection.ts';
import { elementwiseOperators } from './elementwise.ts';
import { embeddingOperators } from './embedding.ts';
import { errorFunctionOperators } from './error-function.ts';
import { groupNormalizationOperators } from './group-normalization.ts';
import { linearOperators } from './linear.ts';
import { lossOperators } from './loss.ts';
import { normalizationOperators } from './normalization.ts';
import { optimizerOperators } from './optimizer.ts';
import { pictureOperators } from './picture.ts';
import { poolingOperators } from './pooling.ts';
import { randomOperators } from './random.ts';
import { recurrentOperators } from './recurrent.ts';
import { scatterOperators } from './scatter.ts';
import { selectionOperators } from './selection.ts';
import { sequenceOperators } from './sequence.ts';
import { shapeOperators } from './shape.ts';
import { textOperators } from './text.ts';
import { upsamplingOperators } from './upsampling.ts';

/** Every operator of the compiler: shape rule, lowerings and gradient rule. */
export const operators: OperatorTable = {
  ...elementwiseOperators,
  ...errorFunctionOperators,
  ...shapeOperators,
  ...linearOperators,
  ...convolutionOperators,
  ...poolingOperators,
  ...upsamplingOperators,
  ...channelOperators,
  ...activationOperators,
  ...detectionOperators,
  ...pictureOperators,
  ...groupNormalizationOperators,
  ...normalizationOperators,
  ...classificationOperators,
  ...lossOperators,
  ...randomOperators,
  ...recurrentOperators,
  ...embeddingOperators,
  ...sequenceOperators,
  ...attentionOperators,
  ...scatterOperators,
  ...selectionOperators,
  ...optimizerOperators,
  ...augmentationOperators,
  ...textOperators,
};
