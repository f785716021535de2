import type { CheckpointState, Preprocessing } from '../../contract/checkpoint.ts';
import type { Column } from '../../contract/datasets.ts';
import { BATCH, END, FIRST_WORD, featureCount, PADDING, PUNCTUATION, UNKNOWN, wordShapes } from '../../graph/index.ts';
import { usualSteps } from '../../models/index.ts';

/** What a raw input of a shipped model is, in a sentence. */
export function describeInput(name: string, { preprocessing, columns, classes, model }: CheckpointState): string {
  switch (name) {
    case 'noise':
      return 'Standard normal numbers, one row per picture that is to be drawn: the same numbers give the same pictures.';
    case 'label':
      return `What each picture is to be: ${ordered(classes)}${model.kind === 'diffusion' ? '; -1 = whatever comes' : ''}.`;
    case 'temperature':
      return 'What the noise is multiplied by: below 1, pictures are more typical and less varied.';
    case 'guidance':
      return 'How far a picture goes beyond its class (classifier-free guidance); 0 = not at all.';
    case 'steps':
      return 'How many steps of DDIM lead from the noise to the pictures: more take longer and are finer.';
    case 'edges':
      return 'Edges between nodes of this request, as row numbers of nodes: above where an edge comes from, below where it leads. An undirected edge stands in both directions; no edge joins a node to itself.';
  }
  switch (preprocessing.kind) {
    case 'image': {
      const { resize, height, width, sourceChannels } = preprocessing;
      const size = resize ? 'of any size' : `of ${height} × ${width} pixels`;
      const kind = sourceChannels === 1 ? 'Grey' : 'Colour';
      return `${kind} pictures ${size}, raw bytes 0…255: [${BATCH}, height, width, channels].`;
    }
    case 'graph':
      if (columns.length === 0)
        return `The number of each node in the graph that was learned from, 0 to ${featureCount(preprocessing.columns) - 1}; NaN for a node that it does not have, which is then known by its edges alone.`;
      return `One node per row. ${describeColumns(columns)}`;
    case 'table':
      return describeColumns(columns);
    case 'text':
      return 'Texts as they are, UTF-8.';
    case 'tokens':
      return `Token ids of ${preprocessing.length} ${preprocessing.unit}; ${PADDING} fills, ${UNKNOWN} is unknown, the vocabulary, which the file carries among its metadata as JSON, begins at ${FIRST_WORD}.`;
    case 'series':
      return `Raw values of ${preprocessing.length} rows, the oldest first, of the columns ${columns.map(({ name }) => name).join(', ')}.`;
  }
}

export function describeOutput(name: string, { task, classes, columns, preprocessing }: CheckpointState): string {
  if (task === 'sequence-to-sequence')
    return name === 'sequences'
      ? `Ids of the most probable sequence, token by token: ${END} ends it and ${PADDING} fills; the vocabulary, among the metadata of the file as targetVocabulary, begins at ${FIRST_WORD}.`
      : 'Probability of each of the tokens, given those before it; 0 behind the end.';
  if (task === 'image-generation')
    return name === 'image'
      ? 'The pictures, bytes 0…255: [batch, height, width, channels].'
      : 'The pictures before they were rounded, 0…1: [batch, channels, height, width].';
  if (task === 'metric-learning')
    return 'The embedding of each picture, of length 1: the product of two is the cosine similarity of their pictures.';
  if (name === 'probabilities' && task === 'language-modeling')
    return 'Probability of each token to be the next one, at each place of the input.';
  if (name === 'probabilities')
    return `Probability of each class${task === 'image-segmentation' ? ' at each pixel that the model sees' : ''}: ${classes.join(', ')}.`;
  if (name === 'mask') return `The likeliest class of each pixel of the picture: ${ordered(classes)}.`;
  if (name === 'detections')
    return `One row per box: number of the picture in the request, class (${ordered(classes)}), score, left, top, right and bottom in pixels of the picture. Boxes of one class that overlap are already reduced to the surest (non-maximum suppression inside the graph).`;
  switch (task) {
    case 'table-regression':
      return 'The predicted number, in the unit of the target.';
    case 'series-forecasting': {
      if (preprocessing.kind !== 'series') break;
      const names = preprocessing.targets.map((target) => columns[target]?.name ?? '');
      return `The next ${preprocessing.horizon} values of ${names.join(', ')}, in their units.`;
    }
    case 'image-segmentation':
      return `Logits of each class at each pixel, before the softmax: ${classes.join(', ')}.`;
    case 'language-modeling':
      return 'Logits of the next token at each place.';
    case 'object-detection':
      return 'What the boxes are made of: logits of the heat map of each class, then the distances to four sides.';
  }
  return 'Logits, before the softmax.';
}

/** What happens to an input before the first layer, a sentence each; of models that draw, to the noise. */
export function describePreprocessing(preprocessing: Preprocessing, state: CheckpointState): string[] {
  const { columns } = state;
  if (state.model.kind === 'diffusion')
    return [
      `Noise becomes pictures in steps of DDIM without further noise (Song et al. 2021), which are part of the graph; the studio takes ${usualSteps(state.model.steps)}.`,
    ];
  if (state.task === 'image-generation')
    return ['Noise is multiplied by the temperature and goes through the part of the model that draws, once.'];
  switch (preprocessing.kind) {
    case 'image': {
      const { height, width, channels, sourceChannels, mean, deviation, resize } = preprocessing;
      return [
        ...(resize ? [`Pictures are resized to ${height} × ${width} pixels, linearly with antialiasing.`] : []),
        ...(sourceChannels === channels ? [] : [`Pictures become ${channels === 1 ? 'grey' : 'colour'}.`]),
        `Pixels are divided by 255, less ${mean.map(figure).join(', ')}, divided by ${deviation.map(figure).join(', ')} per channel.`,
      ];
    }
    case 'graph':
    case 'table':
      if (columns.length === 0) return ['The number of a node becomes one column per node, all zero when unknown.'];
      return preprocessing.columns.map((column, index) => {
        const { name } = columns[index];
        if (column.kind === 'raw') return `${name}: as it is; each member of the ensemble prepares it in its own way.`;
        if (column.kind === 'index') return `${name}: ${describeRows(column.rows, columns[index])}`;
        return column.kind === 'numeric'
          ? `${name}: less ${figure(column.mean)}, divided by ${figure(column.deviation)}; a missing value becomes the mean.`
          : `${name}: one column per category, all zero when missing or unknown.`;
      });
    case 'text':
      return [
        ...(preprocessing.lowercase ? ['Text is put into lower case.'] : []),
        ...(preprocessing.punctuation ? [`Each of ${PUNCTUATION} becomes a word of its own.`] : []),
        `Words stand between white space; the first ${preprocessing.length} words become ids of a vocabulary of ${preprocessing.vocabulary.length} words that train holds.`,
        ...(preprocessing.shapes
          ? [`Other words become one id for each of: ${wordShapes.map(({ name }) => name).join(', ')}, anything else.`]
          : []),
      ];
    case 'tokens':
      return [
        `${preprocessing.lowercase ? 'Text is put into lower case. It' : 'Text'} becomes ids of ${preprocessing.unit} before the graph, by a vocabulary of ${preprocessing.vocabulary.length}.`,
        ...(preprocessing.target === undefined
          ? []
          : [
              `What is written are ids of ${preprocessing.target.unit}, by a vocabulary of ${preprocessing.target.vocabulary.length}; they become text behind the graph.`,
            ]),
      ];
    case 'series':
      return preprocessing.columns.map(({ mean, deviation }, index) => {
        const origin = preprocessing.origin === 'last' ? 'the newest value of the window' : figure(mean);
        return `${columns[index].name}: less ${origin}, divided by ${figure(deviation)}; a forecast is brought back.`;
      });
  }
}

const ordered = (classes: readonly string[]): string => classes.map((label, index) => `${index} = ${label}`).join(', ');

function describeRows(rows: readonly number[], { categories = [] }: Column): string {
  const together = categories.filter((_, index) => rows[index] === 0).length;
  const rare = together === 0 ? '' : `, and ${together} of ${categories.length} categories that train hardly has`;
  return `one learned vector per category; one for what is missing or unknown${rare}.`;
}

function describeColumns(columns: readonly Column[]): string {
  return `Raw columns in this order, NaN where a value is missing: ${columns.map(describeColumn).join('; ')}.`;
}

function describeColumn({ name, categories }: Column): string {
  return categories === undefined
    ? name
    : `${name} (${categories.map((category, index) => `${index} = ${category}`).join(', ')})`;
}

function figure(value: number): string {
  return Number(value.toPrecision(5)).toString();
}
