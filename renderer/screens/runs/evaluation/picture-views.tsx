import { Stack, Table, Text } from '@mantine/core';
import type { Evaluation, ItemEvaluation } from '../../../../main/contract/evaluation.ts';
import { assetUrl, useProcedure } from '../../../client/index.ts';
import { formatCount, formatNumber, formatPercent } from '../../../components/format.ts';
import { Panel } from '../../../components/panel.tsx';
import { paths } from '../../../components/paths.ts';
import { Answered } from '../../../components/states.tsx';
import { TextLink } from '../../../components/text-link.tsx';
import { BoxOverlay, MaskOverlay } from '../../../viewers/annotation-overlay.tsx';
import { SampleSheet } from '../../../viewers/sample-sheet.tsx';
import classes from './evaluation.module.css';

const shownItems = 6;

interface ViewProps {
  readonly evaluation: Evaluation;
}

/** Overlap by class, and the pictures with the worst masks. */
export function SegmentationView({ evaluation }: ViewProps) {
  const found = evaluation.segmentation;
  if (found === undefined) return null;
  return (
    <Stack gap="lg">
      <Panel title="The worst masks, truth on the left" aside={<Text c="dimmed">colour = class</Text>}>
        <div className={classes.pictures}>
          {found.items.slice(0, shownItems).map(({ index, meanIntersectionOverUnion }) => (
            <Example
              key={index}
              evaluation={evaluation}
              index={index}
              words={`IoU ${formatNumber(meanIntersectionOverUnion)}`}
            />
          ))}
        </div>
      </Panel>
      <Panel title="Overlap by class" flush>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Class</Table.Th>
              <Table.Th ta="right">IoU</Table.Th>
              <Table.Th ta="right">Dice</Table.Th>
              <Table.Th ta="right">Pixels</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.perClass.map(({ label, intersectionOverUnion, dice, pixels }) => (
              <Table.Tr key={label}>
                <Table.Td>{label}</Table.Td>
                <Table.Td ta="right">{formatNumber(intersectionOverUnion)}</Table.Td>
                <Table.Td ta="right">{formatNumber(dice)}</Table.Td>
                <Table.Td ta="right">{formatCount(pixels)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
    </Stack>
  );
}

/** Average precision by class, and the pictures with the most mistakes. */
export function DetectionView({ evaluation }: ViewProps) {
  const found = evaluation.detection;
  if (found === undefined) return null;
  return (
    <Stack gap="lg">
      <Panel title="The most mistakes, truth on the left" aside={<Text c="dimmed">boxes with class and score</Text>}>
        <div className={classes.pictures}>
          {found.items.slice(0, shownItems).map(({ index, missed, wrong }) => (
            <Example
              key={index}
              evaluation={evaluation}
              index={index}
              words={`${missed} missed, ${wrong} wrong`}
              names={found.classes}
            />
          ))}
        </div>
      </Panel>
      <Panel title="Average precision by class" flush>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Class</Table.Th>
              <Table.Th ta="right">Average precision</Table.Th>
              <Table.Th ta="right">Boxes</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.perClass.map(({ label, averagePrecision, boxes }) => (
              <Table.Tr key={label}>
                <Table.Td>{label}</Table.Td>
                <Table.Td ta="right">{formatPercent(averagePrecision, 1)}</Table.Td>
                <Table.Td ta="right">{formatCount(boxes)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
    </Stack>
  );
}

/** What a generative model draws, and how it looks to a classifier of the same dataset. */
export function GenerationView({ evaluation }: ViewProps) {
  const drawn = evaluation.generation;
  if (drawn === undefined) return null;
  const { fidelity, ...sheet } = drawn;
  return (
    <Panel title="Samples" aside={<Text c="dimmed">{drawn.samples} drawn from noise with the seed of the run</Text>}>
      <Stack gap="sm">
        <SampleSheet {...sheet} label={`${drawn.samples} pictures that the model drew`} />
        {fidelity === undefined ? (
          <Text size="xs" c="dimmed">
            Train a classifier on the same dataset and evaluate again: it will say how many of the samples it is sure
            of.
          </Text>
        ) : (
          <Text size="xs" c="dimmed">
            <TextLink to={paths.run(fidelity.judge.runId)}>{fidelity.judge.name}</TextLink> looked at {fidelity.samples}{' '}
            samples: it is at least 90 % sure of {formatPercent(fidelity.confidentShare)} of them, and of{' '}
            {formatPercent(fidelity.realConfidentShare)} of real pictures.
            {fidelity.agreement !== null &&
              ` It takes ${formatPercent(fidelity.agreement)} for the class that was asked for.`}
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

interface ExampleProps extends ViewProps {
  readonly index: number;
  readonly words: string;
  readonly names?: readonly string[];
}

function Example({ evaluation, index, words, names = [] }: ExampleProps) {
  const { runId, split, datasetDigest } = evaluation;
  const item = useProcedure('evaluation.item', { runId, split, index }, { staleTimeMs: Number.POSITIVE_INFINITY });
  const picture = assetUrl('datasets.image', { digest: datasetDigest, index });
  return (
    <div>
      <Answered query={item}>
        {(found) => (
          <div className={classes.pair}>
            <div className={classes.frame}>
              <img src={picture} alt={`Item ${index} and its truth`} className={classes.picture} />
              <Overlay item={found} which="truth" names={names} />
            </div>
            <div className={classes.frame}>
              <img src={picture} alt={`Item ${index} and what the model said`} className={classes.picture} />
              <Overlay item={found} which="predicted" names={names} />
            </div>
          </div>
        )}
      </Answered>
      <Text size="xs" c="dimmed">
        Item {index}: {words}
      </Text>
    </div>
  );
}

interface OverlayProps {
  readonly item: ItemEvaluation;
  readonly which: 'truth' | 'predicted';
  readonly names: readonly string[];
}

function Overlay({ item, which, names }: OverlayProps) {
  return item.kind === 'masks' ? (
    <MaskOverlay width={item.width} height={item.height} classesOfPixels={item[which]} />
  ) : (
    <BoxOverlay width={item.width} height={item.height} boxes={item[which]} names={names} />
  );
}
