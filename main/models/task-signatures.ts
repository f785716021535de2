import {
  type ColumnSpec,
  embeddingRows,
  FIRST_WORD,
  featureCount,
  GraphError,
  type PreprocessingSpec,
  wordShapes,
} from '../graph/index.ts';
import type { InputSignature, OutputSignature, TableColumn } from './specification.ts';

/** The tasks of the contract's run config, told again because this room knows no contract. */
export type TaskName =
  | 'image-classification'
  | 'table-classification'
  | 'table-regression'
  | 'text-classification'
  | 'series-forecasting'
  | 'language-modeling'
  | 'sequence-to-sequence'
  | 'image-segmentation'
  | 'object-detection'
  | 'node-classification'
  | 'image-generation'
  | 'metric-learning';

/** What a model takes and gives for a task on data prepared in this way. @throws GraphError when the two do not fit */
export function signaturesOf(
  task: TaskName,
  preprocessing: PreprocessingSpec,
  classCount: number,
): { readonly input: InputSignature; readonly output: OutputSignature } {
  return { input: inputOf(preprocessing), output: outputOf(task, preprocessing, classCount) };
}

function inputOf(preprocessing: PreprocessingSpec): InputSignature {
  switch (preprocessing.kind) {
    case 'image':
      return {
        kind: 'image',
        channels: preprocessing.channels,
        height: preprocessing.height,
        width: preprocessing.width,
      };
    case 'table':
      return { kind: 'table', features: featureCount(preprocessing.columns), ...columnsOf(preprocessing.columns) };
    case 'graph':
      return { kind: 'graph', features: featureCount(preprocessing.columns) };
    case 'text':
    case 'tokens':
      return { kind: 'tokens', length: preprocessing.length, vocabulary: vocabularySize(preprocessing) };
    case 'series':
      return { kind: 'series', length: preprocessing.length, features: preprocessing.columns.length };
  }
}

/** Told only where categories come as rows: one-hot columns are numbers like any other. */
function columnsOf(columns: readonly ColumnSpec[]): { readonly columns?: readonly TableColumn[] } {
  if (columns.every(({ kind }) => kind !== 'index')) return {};
  return {
    columns: columns.map((column) =>
      column.kind === 'index'
        ? { kind: 'category', name: column.name, rows: embeddingRows(column) }
        : { kind: 'number' },
    ),
  };
}

function outputOf(task: TaskName, preprocessing: PreprocessingSpec, classCount: number): OutputSignature {
  switch (task) {
    case 'image-classification':
    case 'table-classification':
    case 'text-classification':
    case 'node-classification':
      return { kind: 'classification', classes: classCount };
    case 'table-regression':
      return { kind: 'regression', outputs: 1 };
    case 'image-segmentation':
      return { kind: 'segmentation', classes: classCount };
    case 'metric-learning':
      return { kind: 'embedding' };
    case 'object-detection':
      return { kind: 'detection', classes: classCount };
    case 'series-forecasting':
      if (preprocessing.kind !== 'series') break;
      return { kind: 'forecast', horizon: preprocessing.horizon, series: preprocessing.targets.length };
    case 'language-modeling':
      if (preprocessing.kind !== 'tokens') break;
      return { kind: 'tokens', vocabulary: vocabularySize(preprocessing) };
    case 'sequence-to-sequence':
      if (preprocessing.kind !== 'tokens' || preprocessing.target === undefined) break;
      return {
        kind: 'tokens',
        vocabulary: preprocessing.target.vocabulary.length + FIRST_WORD,
        length: preprocessing.target.length,
      };
    case 'image-generation': {
      if (preprocessing.kind !== 'image') break;
      const { channels, height, width } = preprocessing;
      return { kind: 'image', channels, height, width, classes: classCount };
    }
  }
  throw new GraphError('invalid-argument', `The task ${task} cannot learn from ${preprocessing.kind}.`);
}

/** Padding, the unknown word and shapes of unknown words are ids as well. */
function vocabularySize(spec: Extract<PreprocessingSpec, { kind: 'text' | 'tokens' }>): number {
  const shapes = spec.kind === 'text' && spec.shapes === true ? wordShapes.length : 0;
  return spec.vocabulary.length + FIRST_WORD + shapes;
}
