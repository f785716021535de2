import type { OperatorTable } from '../operator.ts';
import { classificationOperators } from './classification.ts';
import { convolutionOperators } from './convolution.ts';
import { elementwiseOperators } from './elementwise.ts';
import { linearOperators } from './linear.ts';
import { lossOperators } from './loss.ts';
import { normalizationOperators } from './normalization.ts';
import { optimizerOperators } from './optimizer.ts';
import { poolingOperators } from './pooling.ts';
import { randomOperators } from './random.ts';
import { recurrentOperators } from './recurrent.ts';
import { scatterOperators } from './scatter.ts';
import { shapeOperators } from './shape.ts';
import { textOperators } from './text.ts';

/** Every operator of the compiler: shape rule, lowerings and gradient rule. */
export const operators: OperatorTable = {
  ...elementwiseOperators,
  ...shapeOperators,
  ...linearOperators,
  ...convolutionOperators,
  ...poolingOperators,
  ...normalizationOperators,
  ...classificationOperators,
  ...lossOperators,
  ...randomOperators,
  ...recurrentOperators,
  ...scatterOperators,
  ...optimizerOperators,
  ...textOperators,
};
