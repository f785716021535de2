import { ActionIcon, Button, Group, Select, SimpleGrid, Stack, Text, Tooltip } from '@mantine/core';
import { IconArrowsShuffle, IconSend } from '@tabler/icons-react';
import { useState } from 'react';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { ModelVersion } from '../../../main/contract/registry.ts';
import type { Prediction } from '../../../main/contract/serving.ts';
import { assetUrl, call, useProcedure } from '../../client/index.ts';
import { formatCount, formatDuration, formatNumber, formatPercent, formatPlural } from '../../components/format.ts';
import { NumberField } from '../../components/number-field.tsx';
import { Panel } from '../../components/panel.tsx';
import { ProbabilityBars } from '../../components/probability-bars.tsx';
import { Fact } from '../../components/small.tsx';
import { Answered, ErrorState } from '../../components/states.tsx';
import { BoxOverlay, MaskOverlay } from '../../viewers/annotation-overlay.tsx';
import { ExplanationPanel } from '../../viewers/explanation/index.tsx';
import { CompleteText } from './complete-text.tsx';
import classes from './deploy.module.css';
import { isServing } from './deployment-state.tsx';
import { DrawPictures } from './draw-pictures.tsx';
import type { EndpointTabProps } from './endpoint-tab.ts';
import { Exchange, NotServing } from './exchange.tsx';
import { Nearest, Vote } from './nearest-pictures.tsx';
import { useAsked } from './use-asked.ts';

interface Sent {
  readonly datasetDigest: string;
  readonly index: number;
  readonly prediction: Prediction;
}

const answersShown = 5;
const numbersShown = 24;
const columnsShown = 8;
const charactersShown = 120;

/** Asks the model over HTTP, as any client would, in the way that suits it. */
export function TryIt({ deployment }: EndpointTabProps) {
  const { modelName, version } = deployment;
  const query = useProcedure('registry.get', { modelName, version });
  return (
    <Answered query={query}>
      {(model) =>
        model.task === 'image-generation' ? (
          <DrawPictures deployment={deployment} model={model} />
        ) : model.task === 'language-modeling' ? (
          <CompleteText deployment={deployment} />
        ) : (
          <SendItem deployment={deployment} model={model} />
        )
      }
    </Answered>
  );
}

interface SendItemProps extends EndpointTabProps {
  readonly model: ModelVersion;
}

/** Sends an item of a dataset, and shows the answer and its explanation. */
function SendItem({ deployment, model }: SendItemProps) {
  const { endpoint, modelName } = deployment;
  const datasets = useProcedure('datasets.list', {});
  const methods = useProcedure('deployments.methods', { endpoint });
  const [chosen, setChosen] = useState<string | null>(null);
  const [index, setIndex] = useState(0);
  const { answer: sent, error, asking: sending, ask } = useAsked<Sent>();
  const versions = datasets.data?.flatMap((entry) => entry.versions) ?? [];
  const dataset = versions.find(({ digest }) => digest === (chosen ?? model.datasetDigest));
  const ready = isServing(deployment.state);
  const explained = (methods.data?.length ?? 0) > 0;

  const send = async () => {
    if (dataset === undefined) return;
    const datasetDigest = dataset.digest;
    await ask(async () => ({
      datasetDigest,
      index,
      prediction: await call('deployments.predict', { endpoint, datasetDigest, index }),
    }));
  };
  return (
    <Stack gap="lg">
      <Panel title={model.task === 'node-classification' ? 'Send a node with those around it' : 'Send an item'}>
        <form
          className={classes.send}
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          {dataset !== undefined && dataset.kind !== 'table' && (
            <img
              className={classes.preview}
              src={assetUrl('datasets.image', { digest: dataset.digest, index })}
              alt={`Item ${index} of ${dataset.name}`}
            />
          )}
          <Stack gap="md">
            <Group gap="sm" align="flex-end">
              <Select
                label="Dataset"
                w={240}
                allowDeselect={false}
                searchable
                value={dataset?.digest ?? null}
                onChange={(digest) => {
                  setChosen(digest);
                  setIndex(0);
                }}
                data={versions.map(({ digest, name, version: number }) => ({
                  value: digest,
                  label: `${name}@${number}`,
                }))}
              />
              <ItemInput dataset={dataset} index={index} onIndex={setIndex} />
              <Button
                type="submit"
                leftSection={<IconSend size={14} />}
                loading={sending}
                disabled={!ready || dataset === undefined}
              >
                Send
              </Button>
            </Group>
            {dataset?.kind === 'table' && <RowFacts digest={dataset.digest} index={index} />}
            {!ready && <NotServing />}
            {error !== null && <ErrorState inline error={error} />}
          </Stack>
        </form>
      </Panel>
      {sent !== null && (
        <div
          className={explained || sent.prediction.nearest !== undefined ? classes.answer : undefined}
          aria-live="polite"
        >
          <Answer sent={sent} />
          {sent.prediction.nearest !== undefined && (
            <Nearest nearest={sent.prediction.nearest} names={sent.prediction.classes} />
          )}
          {explained && (
            <Panel title={`Why version ${sent.prediction.version} says so`}>
              <ExplanationPanel
                datasetDigest={sent.datasetDigest}
                index={sent.index}
                model={{ modelName, version: sent.prediction.version }}
              />
            </Panel>
          )}
        </div>
      )}
    </Stack>
  );
}

/** What a row holds, its first columns. */
function RowFacts({ digest, index }: { readonly digest: string; readonly index: number }) {
  const rows = useProcedure('datasets.rows', { digest, indices: [index] }, { keepPrevious: true });
  const values = Object.entries(rows.data?.[0]?.values ?? {}).slice(0, columnsShown);
  if (values.length === 0) return null;
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md" verticalSpacing="xs">
      {values.map(([name, value]) => (
        <Fact key={name} label={name}>
          {value === null ? '–' : String(value).slice(0, charactersShown)}
        </Fact>
      ))}
    </SimpleGrid>
  );
}

interface ItemInputProps {
  readonly dataset: DatasetVersion | undefined;
  readonly index: number;
  readonly onIndex: (index: number) => void;
}

function ItemInput({ dataset, index, onIndex }: ItemInputProps) {
  const rows = dataset?.rows ?? 1;
  return (
    <Group gap={4} align="flex-end">
      <NumberField
        label={`${dataset?.edges === undefined ? 'Item' : 'Node'}, 0 to ${formatCount(rows - 1)}`}
        w={140}
        min={0}
        max={rows - 1}
        allowDecimal={false}
        value={index}
        onValue={(value) => value >= 0 && value < rows && onIndex(value)}
      />
      <Tooltip label="Any item">
        <ActionIcon
          variant="default"
          size={30}
          aria-label="Choose any item"
          onClick={() => onIndex(Math.floor(Math.random() * rows))}
        >
          <IconArrowsShuffle size={15} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

function Answer({ sent }: { readonly sent: Sent }) {
  const { prediction } = sent;
  const { classes: names, probabilities, predicted } = prediction;
  return (
    <Panel
      title="Answer"
      aside={
        <Text c="dimmed">
          version {prediction.version}, {formatDuration(prediction.durationMs)} round trip
        </Text>
      }
    >
      <Stack gap="md">
        {prediction.picture !== undefined ? (
          <PictureAnswer sent={sent} picture={prediction.picture} />
        ) : prediction.nearest !== undefined ? (
          <Vote nearest={prediction.nearest} names={names} dimensions={prediction.numbers?.length ?? 0} />
        ) : prediction.numbers === undefined ? (
          <>
            <Text fz={24} fw={600} lh={1.2}>
              {names[predicted] ?? predicted}{' '}
              <Text span c="dimmed" size="sm">
                {formatPercent(probabilities[predicted], 1)} sure
              </Text>
            </Text>
            <ProbabilityBars classes={names} probabilities={probabilities} limit={answersShown} />
            {prediction.around !== undefined && (
              <Text c="dimmed" size="sm">
                Told by {formatPlural(prediction.around.nodes, 'other node')} and{' '}
                {formatPlural(prediction.around.edges, 'edge')} of the dataset.
              </Text>
            )}
          </>
        ) : prediction.text === undefined ? (
          <Numbers values={prediction.numbers} />
        ) : (
          <Written text={prediction.text} ids={prediction.numbers} />
        )}
        <Exchange {...prediction} />
      </Stack>
    </Panel>
  );
}

/** The mask or the boxes over the picture that was sent. */
function PictureAnswer({
  sent,
  picture,
}: {
  readonly sent: Sent;
  readonly picture: NonNullable<Prediction['picture']>;
}) {
  const { datasetDigest, index, prediction } = sent;
  const seen =
    picture.kind === 'mask'
      ? new Set(Uint8Array.from(atob(picture.labels), (character) => character.charCodeAt(0)))
      : new Set(picture.boxes.map(({ label }) => label));
  const names = [...seen].sort((a, b) => a - b).map((label) => prediction.classes[label] ?? String(label));
  return (
    <Stack gap="xs">
      <div className={classes.picture}>
        <img src={assetUrl('datasets.image', { digest: datasetDigest, index })} alt={`Item ${index} and the answer`} />
        {picture.kind === 'mask' ? (
          <MaskOverlay width={picture.width} height={picture.height} classesOfPixels={picture.labels} />
        ) : (
          <BoxOverlay {...picture} names={prediction.classes} />
        )}
      </div>
      <Text c="dimmed" size="sm">
        {picture.kind === 'mask'
          ? `Classes in the mask: ${names.join(', ')}`
          : picture.boxes.length === 0
            ? 'No box is sure enough.'
            : `${picture.boxes.length} boxes: ${names.join(', ')}`}
      </Text>
    </Stack>
  );
}

/** A sequence, and the ids that it came as, without what fills them up. */
function Written({ text, ids }: { readonly text: string; readonly ids: readonly number[] }) {
  return (
    <div>
      <Text fz={24} fw={600} lh={1.3}>
        {text}
      </Text>
      <Text c="dimmed">as token ids: {ids.filter((id) => id !== 0).join(' ')}</Text>
    </div>
  );
}

/** A predicted number, or the steps of a forecast. */
function Numbers({ values }: { readonly values: readonly number[] }) {
  const shown = values.slice(0, numbersShown);
  return (
    <div>
      <Text fz={24} fw={600} lh={1.3}>
        {shown.map(formatNumber).join('  ·  ')}
      </Text>
      {values.length > shown.length && <Text c="dimmed">and {formatCount(values.length - shown.length)} more</Text>}
    </div>
  );
}
