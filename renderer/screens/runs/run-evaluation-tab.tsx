import { Button, Group, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconClipboardCheck } from '@tabler/icons-react';
import { useState } from 'react';
import type { Split } from '../../../main/contract/datasets.ts';
import type { Evaluation } from '../../../main/contract/evaluation.ts';
import type { Run } from '../../../main/contract/training.ts';
import type { Normalisation } from '../../charts/confusion.ts';
import { topConfusions } from '../../charts/confusion.ts';
import { ConfusionMatrix } from '../../charts/confusion-matrix.tsx';
import { ReliabilityDiagram } from '../../charts/reliability-diagram.tsx';
import { RocChart } from '../../charts/roc-chart.tsx';
import { useCommand, useJobs, useProcedure } from '../../client/index.ts';
import { formatCount, formatNumber, formatPercent } from '../../components/format.ts';
import { isLive, JobLine } from '../../components/job-progress.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Fact, When } from '../../components/small.tsx';
import { Answered, NothingHere } from '../../components/states.tsx';
import { TextLink } from '../../components/text-link.tsx';
import { itemFilterToSearch } from '../../viewers/item-filter.ts';
import { ForecastView } from './evaluation/forecast-view.tsx';
import { DetectionView, GenerationView, SegmentationView } from './evaluation/picture-views.tsx';
import { RetrievalView } from './evaluation/retrieval-view.tsx';
import { LanguageView, SequenceView, TextMistakes } from './evaluation/text-views.tsx';
import { MistakeStrip } from './mistake-strip.tsx';
import { PerClassTable } from './per-class-table.tsx';
import classes from './run.module.css';
import type { RunTabProps } from './run-tab.ts';

const splitOrder: readonly Split[] = ['test', 'validation', 'train'];
const splitNames: Readonly<Record<Split, string>> = { test: 'Test', validation: 'Validation', train: 'Train' };
const confusionsShown = 8;

/** What the best checkpoint gets right and wrong. */
export function EvaluationTab({ run }: RunTabProps) {
  const list = useProcedure('evaluation.list', { runId: run.id });
  const dataset = useProcedure(
    'datasets.get',
    { digest: run.datasetDigest },
    { staleTimeMs: Number.POSITIVE_INFINITY },
  );
  const [wanted, setWanted] = useState<Split | null>(null);
  const text =
    run.task === 'text-classification'
      ? String(run.params['data.text.column'] ?? dataset.data?.schema.find(({ type }) => type === 'text')?.name)
      : undefined;
  const splits = dataset.data?.splits.filter(({ count }) => count > 0).map(({ split }) => split) ?? [];
  return (
    <Answered query={list}>
      {(evaluations) => {
        const done = splitOrder.filter((split) => evaluations.some((evaluation) => evaluation.split === split));
        const split = wanted !== null && done.includes(wanted) ? wanted : done[0];
        const evaluation = evaluations.find((entry) => entry.split === split);
        return (
          <Stack gap="lg">
            <Group justify="space-between">
              {done.length > 1 ? (
                <SegmentedControl
                  aria-label="Split"
                  value={split ?? ''}
                  onChange={(value) => setWanted(value as Split)}
                  data={done.map((value) => ({ value, label: splitNames[value] }))}
                />
              ) : (
                <Text c="dimmed">{split === undefined ? '' : `On the ${split} split`}</Text>
              )}
              <MoreEvaluations run={run} missing={splits.filter((candidate) => !done.includes(candidate))} />
            </Group>
            {evaluation === undefined ? (
              <NothingHere icon={<IconClipboardCheck size={28} />} title="Not evaluated yet">
                {run.bestCheckpoint === null
                  ? 'A run is evaluated when it ends. It has no checkpoint so far.'
                  : 'Choose a split above to see what the best checkpoint gets right and wrong.'}
              </NothingHere>
            ) : (
              <EvaluationView evaluation={evaluation} text={text} />
            )}
          </Stack>
        );
      }}
    </Answered>
  );
}

function MoreEvaluations({ run, missing }: { readonly run: Run; readonly missing: readonly Split[] }) {
  const start = useCommand('evaluation.start');
  const jobs = useJobs((state) => state.byId);
  const going = Object.values(jobs).filter(
    (job) => job.kind === 'evaluation' && job.subject.runId === run.id && isLive(job),
  );
  if (going.length > 0)
    return (
      <Stack w={320} gap="xs">
        {going.map((job) => (
          <JobLine key={job.id} job={job} />
        ))}
      </Stack>
    );
  if (run.bestCheckpoint === null) return null;
  return (
    <Group gap="sm">
      {missing.map((split) => (
        <Button
          key={split}
          variant="default"
          loading={start.isPending && start.variables.split === split}
          onClick={() => start.mutate({ runId: run.id, split })}
        >
          Evaluate on {splitNames[split].toLowerCase()}
        </Button>
      ))}
    </Group>
  );
}

interface EvaluationViewProps {
  readonly evaluation: Evaluation;
  /** The column that the model reads, where it reads text. */
  readonly text: string | undefined;
}

function EvaluationView({ evaluation, text }: EvaluationViewProps) {
  const { classification, regression } = evaluation;
  return (
    <Stack gap="lg">
      <Panel>
        <SimpleGrid cols={{ base: 2, sm: 4, lg: 8 }} spacing="md">
          <Fact label="Items">{formatCount(evaluation.count)}</Fact>
          {classification !== null && (
            <>
              <Fact label="Accuracy">
                <Text span fw={600}>
                  {formatPercent(classification.accuracy)}
                </Text>
              </Fact>
              <Fact label="Macro F1">{formatNumber(classification.macroF1)}</Fact>
              <Fact label="Weighted F1">{formatNumber(classification.weightedF1)}</Fact>
              <Fact label="Calibration error">{formatPercent(classification.expectedCalibrationError)}</Fact>
              <Fact label="Brier score">{formatNumber(classification.brier)}</Fact>
            </>
          )}
          {regression !== null && (
            <>
              <Fact label="Root mean squared error">{formatNumber(regression.rootMeanSquaredError)}</Fact>
              <Fact label="Mean absolute error">{formatNumber(regression.meanAbsoluteError)}</Fact>
              <Fact label="R²">{formatNumber(regression.r2)}</Fact>
            </>
          )}
          {figuresOf(evaluation).map(([label, value]) => (
            <Fact key={label} label={label}>
              {value}
            </Fact>
          ))}
          <Fact label="Loss">{formatNumber(evaluation.loss)}</Fact>
          <Fact label="Evaluated">
            <When time={evaluation.createdAt} />
          </Fact>
        </SimpleGrid>
      </Panel>
      {text !== undefined && classification !== null && (
        <TextMistakes evaluation={evaluation} column={text} classes={classification.classes} />
      )}
      {classification !== null && <ClassificationView evaluation={evaluation} classification={classification} />}
      {evaluation.forecast !== undefined && <ForecastView forecast={evaluation.forecast} />}
      <LanguageView evaluation={evaluation} />
      <SequenceView evaluation={evaluation} />
      <RetrievalView evaluation={evaluation} />
      <SegmentationView evaluation={evaluation} />
      <DetectionView evaluation={evaluation} />
      <GenerationView evaluation={evaluation} />
    </Stack>
  );
}

/** The figures that matter of the tasks without classes. */
function figuresOf({
  forecast,
  language,
  sequence,
  retrieval,
  segmentation,
  detection,
  generation,
}: Evaluation): readonly (readonly [label: string, value: string])[] {
  return [
    ...(forecast === undefined
      ? []
      : ([
          ['Mean absolute error', formatNumber(forecast.model.meanAbsoluteError)],
          ['of the newest value', formatNumber(forecast.naive.meanAbsoluteError)],
          ['Root mean squared error', formatNumber(forecast.model.rootMeanSquaredError)],
        ] as const)),
    ...(language === undefined
      ? []
      : ([
          ['Perplexity', formatNumber(language.perplexity)],
          ['Bits per token', formatNumber(language.bitsPerToken)],
          ['Next token right', formatPercent(language.accuracy)],
        ] as const)),
    ...(sequence === undefined
      ? []
      : ([
          ['Different sources', formatCount(sequence.pairs)],
          ['Without a mistake', formatPercent(sequence.exactMatch)],
          ['Token error rate', formatPercent(sequence.tokenErrorRate)],
          ['Next token right', formatPercent(sequence.accuracy)],
        ] as const)),
    ...(retrieval === undefined
      ? []
      : ([
          ['Recall at 1', formatPercent(retrieval.recallAt1)],
          ['Recall at 5', formatPercent(retrieval.recallAt5)],
          ['mAP at R', formatPercent(retrieval.meanAveragePrecisionAtR)],
          ['R-precision', formatPercent(retrieval.rPrecision)],
          [`${retrieval.neighbours}-NN accuracy`, formatPercent(retrieval.knnAccuracy)],
        ] as const)),
    ...(segmentation === undefined
      ? []
      : ([
          ['Mean IoU', formatNumber(segmentation.meanIntersectionOverUnion)],
          ['Mean Dice', formatNumber(segmentation.meanDice)],
          ['Pixels right', formatPercent(segmentation.pixelAccuracy)],
        ] as const)),
    ...(detection === undefined
      ? []
      : ([
          ['Average precision', formatPercent(detection.averagePrecision)],
          ['at overlap 0.5', formatPercent(detection.averagePrecision50)],
          ['at overlap 0.75', formatPercent(detection.averagePrecision75)],
        ] as const)),
    ...(generation?.fidelity === undefined
      ? []
      : ([
          ['Samples a classifier is sure of', formatPercent(generation.fidelity.confidentShare)],
          ['Real pictures', formatPercent(generation.fidelity.realConfidentShare)],
          ['Evenness of classes', formatPercent(generation.fidelity.balance)],
          ['Fréchet distance', formatNumber(generation.fidelity.frechetDistance)],
        ] as const)),
  ];
}

interface ClassificationViewProps {
  readonly evaluation: Evaluation;
  readonly classification: NonNullable<Evaluation['classification']>;
}

function ClassificationView({ evaluation, classification }: ClassificationViewProps) {
  const [normalisation, setNormalisation] = useState<Normalisation>('counts');
  const names = classification.classes;
  const linkOf = (trueClass: number, predictedClass: number) =>
    paths.dataset(
      evaluation.datasetDigest,
      itemFilterToSearch({
        runId: evaluation.runId,
        splits: [evaluation.split],
        labels: [trueClass],
        predicted: [predictedClass],
      }),
    );
  const confusions = topConfusions(classification.confusion, confusionsShown);
  return (
    <div className={classes.evaluation}>
      <div className={classes.wide}>
        <MistakeStrip
          datasetDigest={evaluation.datasetDigest}
          runId={evaluation.runId}
          split={evaluation.split}
          classes={names}
        />
      </div>
      <Stack gap="lg">
        <Panel
          title="Confusion matrix"
          aside={
            <SegmentedControl
              aria-label="Numbers in the matrix"
              value={normalisation}
              onChange={(value) => setNormalisation(value as Normalisation)}
              data={[
                { value: 'counts', label: 'Counts' },
                { value: 'row', label: '% of true' },
                { value: 'column', label: '% of predicted' },
              ]}
            />
          }
        >
          <ConfusionMatrix
            classes={names}
            matrix={classification.confusion}
            normalisation={normalisation}
            linkOf={linkOf}
          />
        </Panel>
        <Panel title="ROC, each class against the rest">
          <RocChart
            curves={classification.roc.map((curve) => ({
              ...curve,
              auc: classification.perClass.find(({ label }) => label === curve.label)?.auc ?? null,
            }))}
          />
        </Panel>
      </Stack>
      <Stack gap="lg">
        <Panel title="Most frequent mistakes">
          {confusions.length === 0 ? (
            <Text c="dimmed">None: every item was predicted as its label says.</Text>
          ) : (
            <Stack gap={4}>
              {confusions.map((entry) => (
                <Group key={`${entry.trueClass} ${entry.predictedClass}`} justify="space-between" wrap="nowrap">
                  <TextLink to={linkOf(entry.trueClass, entry.predictedClass)}>
                    {names[entry.trueClass]} taken for {names[entry.predictedClass]}
                  </TextLink>
                  <Text c="dimmed">
                    {formatCount(entry.count)} · {formatPercent(entry.share, 1)} of {names[entry.trueClass]}
                  </Text>
                </Group>
              ))}
            </Stack>
          )}
        </Panel>
        <Panel title="Precision, recall and F1 by class" flush>
          <PerClassTable rows={classification.perClass} />
        </Panel>
        <Panel
          title="Calibration"
          aside={<Text c="dimmed">expected error {formatPercent(classification.expectedCalibrationError)}</Text>}
        >
          <ReliabilityDiagram bins={classification.calibration} />
          <Text size="xs" c="dimmed">
            A bar on the diagonal is honest: of the answers given with 80 % confidence, 80 % are right. Bars below it
            are overconfident. Pale bars rest on less than one percent of the answers.
          </Text>
        </Panel>
      </Stack>
    </div>
  );
}
