import type { DatasetVersion } from '../../../contract/datasets.ts';
import type { RunConfig } from '../../../contract/run-config.ts';
import type { Template } from '../../../contract/training.ts';
import { type ModelFileTemplate, modelFileTemplates } from '../../model-files/index.ts';
import { imageClassification } from './image-classification.ts';
import { imageGeneration } from './image-generation.ts';
import { imageSegmentation } from './image-segmentation.ts';
import { languageModeling } from './language-modeling.ts';
import { metricLearning } from './metric-learning.ts';
import { nodeClassification } from './node-classification.ts';
import { objectDetection } from './object-detection.ts';
import { sequenceToSequence } from './sequence-to-sequence.ts';
import { seriesForecasting } from './series-forecasting.ts';
import { tableClassification } from './table-classification.ts';
import { tableRegression } from './table-regression.ts';
import type { TemplateEntry } from './template-entry.ts';
import { head, taskWords } from './template-head.ts';
import { textClassification } from './text-classification.ts';

const entries: readonly TemplateEntry[] = [
  ...imageClassification,
  ...tableClassification,
  ...tableRegression,
  ...textClassification,
  ...seriesForecasting,
  ...languageModeling,
  ...sequenceToSequence,
  ...imageSegmentation,
  ...objectDetection,
  ...metricLearning,
  ...imageGeneration,
  ...nodeClassification,
];

/** The usual config of a task, with a model file in the place of its model. */
function ownEntry(task: RunConfig['task'], file: ModelFileTemplate): TemplateEntry[] {
  const usual = entries.find((entry) => entry.task === task);
  if (usual === undefined) return [];
  const model = `model:
  kind: own
  file: ${file.path}
  options: { ${file.options} }
`;
  return [
    {
      ...usual,
      id: `${task}-own`,
      title: `Your own model, ${taskWords(task)}`,
      description: 'Written in TypeScript with PyTorch’s layers, beside this config.',
      body: usual.body.replace(/^model:\n(?: .*\n)+/, model),
    },
  ];
}

/** Configurations to start from; with a dataset only those that fit it, its name filled in. */
export function templates(dataset: DatasetVersion | undefined): Template[] {
  const own = Object.entries(modelFileTemplates).flatMap(([task, file]) => ownEntry(task as RunConfig['task'], file));
  return [...entries, ...own]
    .filter((entry) => dataset === undefined || (fits(entry.task, dataset) && has(entry.needs, dataset)))
    .map(({ id, title, description, task, body, batchSize, data = '', preprocessing = '' }) => ({
      id,
      title,
      description,
      task,
      yaml: `${head(title, task, dataset, batchSize)}${dataFor(data, task, dataset)}${preprocessingFor(preprocessing, dataset)}${bodyFor(body, dataset)}`,
      ...fileOf(id, task),
    }));
}

function fileOf(id: string, task: RunConfig['task']): Pick<Template, 'modelFile'> {
  const file = modelFileTemplates[task];
  return file === undefined || id !== `${task}-own` ? {} : { modelFile: { path: file.path, text: file.text } };
}

function has(type: TemplateEntry['needs'], { schema, target }: DatasetVersion): boolean {
  return type === undefined || schema.some((column) => column.name !== target && column.type === type);
}

function fits(task: RunConfig['task'], dataset: DatasetVersion): boolean {
  const has = (type: string) => dataset.schema.some((column) => column.type === type);
  const target = dataset.schema.find((column) => column.name === dataset.target)?.type;
  const labelled = dataset.classes.length >= 2;
  const isNumber = target === 'number' || target === 'integer';
  const table = dataset.kind === 'table';
  switch (task) {
    case 'image-classification':
      // Pictures may get their labels here, unless they came with something else to learn.
      return !table && !has('mask') && !has('boxes');
    case 'image-segmentation':
      return has('mask');
    case 'object-detection':
      return has('boxes');
    case 'image-generation':
      return !table && dataset.kind === 'image' && !has('boxes') && !has('mask');
    case 'metric-learning':
      return dataset.kind === 'image' && labelled && !has('mask') && !has('boxes');
    case 'table-regression':
      return table && isNumber;
    case 'series-forecasting':
      return table && isNumber && inTime(dataset);
    case 'table-classification':
      return table && labelled && dataset.edges === undefined && !(has('text') && onlyText(dataset));
    case 'text-classification':
      return table && labelled && dataset.edges === undefined && has('text');
    case 'language-modeling':
      return table && dataset.edges === undefined && has('text');
    case 'sequence-to-sequence':
      return table && dataset.edges === undefined && textNames(dataset).length === 2;
    case 'node-classification':
      return table && labelled && dataset.edges !== undefined;
  }
}

/** Columns that one sequence may be read from and another written to. */
function textNames({ schema }: DatasetVersion): string[] {
  return schema.filter(({ type }) => type === 'text').map(({ name }) => name);
}

/** Whether there is nothing but text to learn from. */
function onlyText({ schema, target }: DatasetVersion): boolean {
  return schema.every(({ name, type }) => name === target || type === 'text' || type === 'time');
}

/** Whether rows may follow each other in time: a column says when, or there is nothing but numbers. */
function inTime({ schema }: DatasetVersion): boolean {
  return (
    schema.some(({ type }) => type === 'time') || schema.every(({ type }) => type === 'number' || type === 'integer')
  );
}

/** The data section of a template, with the columns of a dataset filled in. */
function dataFor(data: string, task: RunConfig['task'], dataset: DatasetVersion | undefined): string {
  const column = (type: string) => dataset?.schema.filter((candidate) => candidate.type === type) ?? [];
  if (task === 'series-forecasting') {
    const [time] = column('time');
    return time === undefined ? data : `${data}    time: ${JSON.stringify(time.name)}\n`;
  }
  const texts = column('text');
  if (task === 'sequence-to-sequence' && dataset !== undefined) {
    const named = textNames(dataset).map((name) => `      column: ${JSON.stringify(name)}\n`);
    return data.replace('    source:\n', `$&${named[0]}`).replace('    target:\n', `$&${named[1]}`);
  }
  return data === '' || texts.length < 2 ? data : `${data}    column: ${JSON.stringify(texts[0].name)}\n`;
}

/** Without labels, nothing can be drawn by class. */
function bodyFor(body: string, dataset: DatasetVersion | undefined): string {
  if (dataset === undefined || dataset.classes.length >= 2) return body;
  return body.replace(/^ {2}(conditional|guidance):.*\n/gm, '');
}

/** Pictures of different sizes need one that the model sees. */
function preprocessingFor(preprocessing: string, dataset: DatasetVersion | undefined): string {
  const differ = dataset?.image != null && (dataset.image.width === null || dataset.image.height === null);
  const resize = differ ? '  resize: [64, 64]       # height, width; the pictures differ in size\n' : '';
  return preprocessing + resize === '' ? '' : `preprocessing:\n${resize}${preprocessing}`;
}
