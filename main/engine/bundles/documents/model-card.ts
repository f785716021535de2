import type { Evaluation } from '../../../contract/evaluation.ts';
import type { BundleFacts } from './facts.ts';

/**
 * The card of a model in the sections of Mitchell et al. 2019, "Model Cards for Model Reporting". What is known is stated;
 * what only people can know is asked for.
 */
export function modelCard(facts: BundleFacts): string {
  return [details(facts), intendedUse, trainingData(facts), inputs(facts), evaluation(facts), limits(facts), ethics]
    .map((section) => section.join('\n'))
    .join('\n\n')
    .concat('\n');
}

const ask = (question: string) => `> **To be written by the people responsible.** ${question}`;

function details({ version, run, parameters }: BundleFacts): string[] {
  return [
    `# ${version.modelName}, version ${version.version}`,
    '',
    ...(version.description === '' ? [] : [version.description, '']),
    '| | |',
    '|---|---|',
    `| Task | ${version.task} |`,
    ...(version.classes.length === 0 ? [] : [`| Classes | ${cell(version.classes.join(', '))} |`]),
    `| Architecture | ${cell(String(run.params['model.kind'] ?? 'see lineage.json'))}, ${integer(parameters)} trainable parameters |`,
    `| Trained by | ${cell(run.createdBy)}, run ${cell(run.name)} (${run.id}), ended ${run.endedAt ?? ''} |`,
    `| Registered by | ${cell(version.createdBy)}, ${version.createdAt} |`,
    `| Program | Lightbench ${version.codeVersion} |`,
    `| Seed, device | ${run.seed}, ${run.device} with ${run.threads} thread${run.threads === 1 ? '' : 's'} |`,
    `| Digest of the version | \`${version.digest}\` |`,
    `| Digest of the graph | \`${version.onnxDigest}\` |`,
  ];
}

const intendedUse = [
  '## Intended use',
  '',
  ask('What is the model for, and who uses its answers for which decision?'),
  '',
  ask('What must it not be used for? Name the uses that look close but were never tested.'),
];

function trainingData({ dataset, version }: BundleFacts): string[] {
  return [
    '## Data',
    '',
    `Trained on **${dataset.name}@${dataset.version}** (\`${dataset.digest}\`), ${integer(dataset.rows)} items from ${sourceName(dataset.source.uri)} (${dataset.source.format}), imported by ${dataset.createdBy} on ${dataset.createdAt}.`,
    ...(dataset.description === '' ? [] : ['', dataset.description]),
    '',
    `Licence of the data: ${dataset.licence === '' ? '**not recorded**' : dataset.licence}.`,
    `Labels: ${version.labelSetDigest === null ? 'as imported' : `label set \`${version.labelSetDigest}\``}.`,
    '',
    table(
      ['Split', 'Items', ...dataset.classes],
      dataset.splits.map(({ split, count, classCounts }) => [split, integer(count), ...classCounts.map(integer)]),
    ),
    '',
    ask('Who and what do the data show, how were they collected, with whose consent, and who is missing from them?'),
  ];
}

function inputs({ version, preprocessing }: BundleFacts): string[] {
  const rows = [
    ...version.signature.inputs.map((one) => ['input', one] as const),
    ...version.signature.outputs.map((one) => ['output', one] as const),
  ].map(([role, one]) => [role, one.name, one.datatype, `[${one.shape.join(', ')}]`, one.description]);
  return [
    '## Inputs and outputs',
    '',
    table(['', 'Name', 'Datatype', 'Shape (−1 = any)', 'Meaning'], rows),
    '',
    version.task === 'image-generation'
      ? 'What happens to the noise is part of the graph:'
      : 'The model takes raw data; what happens to them is part of its graph:',
    '',
    ...preprocessing.map((step) => `- ${step}`),
  ];
}

function evaluation({ evaluations, version, parity }: BundleFacts): string[] {
  return [
    '## Evaluation',
    '',
    table(
      ['Metric', 'Value'],
      Object.entries(version.metrics).map(([name, value]) => [name, number(value)]),
    ),
    ...evaluations.flatMap(split),
    '',
    `Parity: the graph in this bundle was compared with the graph of training on ${parity.sampleIndices.length} ${parity.drawn ? 'pictures drawn from the same noise' : 'real samples'} in batches of ${parity.checks
      .filter(({ tokenByToken }) => tokenByToken !== true)
      .map((check) => check.batchSize)
      .join(
        ', ',
      )}${parity.generationGraph === undefined ? '' : ', and the one that writes, token by token'}. The largest difference of an output was ${parity.maxAbsDiff} (allowed: ${parity.tolerance}).`,
  ];
}

function split(evaluation: Evaluation): string[] {
  const { classification, regression, retrieval } = evaluation;
  const head = ['', `### On the split “${evaluation.split}” (${integer(evaluation.count)} items)`, ''];
  if (classification !== null) {
    return [
      ...head,
      `Accuracy ${number(classification.accuracy)}, macro F1 ${number(classification.macroF1)}, expected calibration error ${number(classification.expectedCalibrationError)}, Brier score ${number(classification.brier)}.`,
      '',
      table(
        ['Class', 'Precision', 'Recall', 'F1', 'AUC', 'Items'],
        classification.perClass.map((one) => [
          one.label,
          number(one.precision),
          number(one.recall),
          number(one.f1),
          number(one.auc),
          integer(one.support),
        ]),
      ),
    ];
  }
  if (retrieval !== undefined) {
    return [
      ...head,
      `Of ${integer(retrieval.queries)} pictures, each searched for among all others: recall at 1 ${number(retrieval.recallAt1)}, recall at 5 ${number(retrieval.recallAt5)}, mean average precision at R ${number(retrieval.meanAveragePrecisionAtR)}, R-precision ${number(retrieval.rPrecision)}, ${retrieval.neighbours}-NN accuracy ${number(retrieval.knnAccuracy)}.`,
      '',
      table(
        ['Class', 'Recall at 1', 'Mean average precision at R', 'Pictures'],
        retrieval.perClass.map((one) => [
          one.label,
          number(one.recallAt1),
          number(one.meanAveragePrecisionAtR),
          integer(one.queries),
        ]),
      ),
    ];
  }
  if (regression === null) return head;
  return [
    ...head,
    `RMSE ${number(regression.rootMeanSquaredError)}, mean absolute error ${number(regression.meanAbsoluteError)}, R² ${number(regression.r2)}.`,
  ];
}

function limits({ evaluations, dataset, version }: BundleFacts): string[] {
  const weakest = evaluations.flatMap(
    ({ split: name, classification }) =>
      classification?.perClass
        .filter((one) => one.recall !== null && one.support > 0)
        .toSorted((a, b) => (a.recall ?? 0) - (b.recall ?? 0))
        .slice(0, 1)
        .map((one) => `- On “${name}” it misses “${one.label}” most often: recall ${number(one.recall)}.`) ?? [],
  );
  return [
    '## Limits',
    '',
    '- The figures above hold for data like those of the split they were measured on, and say nothing of other data.',
    ...(version.task === 'image-generation'
      ? [
          '- It draws what its training data hold, and nobody compared its pictures with each of those: some may repeat one.',
        ]
      : version.task === 'metric-learning'
        ? ['- Every picture gets a place among the others, also one that is unlike all that it was trained on.']
        : version.classes.length > 0
          ? [
              '- A classifier answers with one of its classes whatever it is shown, also for inputs that belong to none.',
            ]
          : []),
    ...(dataset.licence === '' ? ['- The licence of the data is not recorded.'] : []),
    ...(evaluations.some((one) => one.split === 'test') ? [] : ['- It was not evaluated on a test split.']),
    ...weakest,
    '',
    ask('Under which conditions is it known or expected to fail, and what happens then?'),
  ];
}

const ethics = [
  '## Ethical considerations',
  '',
  ask('Whom can a wrong answer harm, how would they notice, and to whom can they turn?'),
  '',
  ask('Were the figures compared between groups of people? With what result?'),
];

/** Where the source lies on somebody's machine is nobody else's business. */
function sourceName(uri: string): string {
  return uri.split(/[\\/]/).findLast((part) => part !== '') ?? uri;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Text that cannot end its cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function integer(value: number): string {
  return value.toLocaleString('en');
}

function number(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(4)));
}
