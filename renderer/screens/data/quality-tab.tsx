import { Anchor, Group, SimpleGrid, Stack, Table, Text, ThemeIcon } from '@mantine/core';
import type { TablerIcon } from '@tabler/icons-react';
import { IconAlertTriangle, IconCircleCheck, IconExclamationCircle, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { DatasetVersion, QualityFlag, QualityReport } from '../../../main/contract/datasets.ts';
import { useProcedure } from '../../client/index.ts';
import { formatCount, formatNumber, formatPlural } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Fact } from '../../components/small.tsx';
import { Answered } from '../../components/states.tsx';
import { itemFilterToSearch } from '../../viewers/item-filter.ts';
import { ItemThumbnail } from '../../viewers/item-thumbnail.tsx';
import classes from './quality-tab.module.css';
import { TabContent } from './tab-content.tsx';

type Severity = QualityReport['findings'][number]['severity'];

const severities: Readonly<
  Record<Severity, { readonly icon: TablerIcon; readonly color: string; readonly name: string }>
> = {
  serious: { icon: IconExclamationCircle, color: 'red', name: 'Serious' },
  warning: { icon: IconAlertTriangle, color: 'yellow', name: 'Warning' },
  info: { icon: IconInfoCircle, color: 'gray', name: 'For information' },
};

const outliersShown = 24;
const unreadableShown = 50;

/** What the import found out about the data, each finding with a way to the items. */
export function QualityTab({ dataset }: { readonly dataset: DatasetVersion }) {
  const report = useProcedure(
    'datasets.quality',
    { digest: dataset.digest },
    { staleTimeMs: Number.POSITIVE_INFINITY },
  );
  return (
    <TabContent>
      <Answered query={report}>{(data) => <Report dataset={dataset} report={data} />}</Answered>
    </TabContent>
  );
}

function Report({ dataset, report }: { readonly dataset: DatasetVersion; readonly report: QualityReport }) {
  const pictures = dataset.kind !== 'table';
  const { imbalance } = report;
  return (
    <>
      <Panel title="Findings" flush>
        {report.findings.length === 0 ? (
          <Group p="md" gap="sm">
            <IconCircleCheck size={18} color="var(--lb-good)" aria-hidden />
            <Text>Nothing stood out.</Text>
          </Group>
        ) : (
          <ul className={classes.findings}>
            {report.findings.map((finding) => (
              <Finding key={`${finding.title}-${finding.detail}`} dataset={dataset} finding={finding} />
            ))}
          </ul>
        )}
      </Panel>
      <Panel>
        <SimpleGrid cols={{ base: 3, lg: 6 }} spacing="lg">
          <Fact label="Exact duplicates">{formatCount(report.exactDuplicates.items)}</Fact>
          {pictures && <Fact label="Near duplicates">{formatCount(report.nearDuplicates.items)}</Fact>}
          <Fact label="In more than one split">
            {formatCount(report.leakage.reduce((sum, pair) => sum + pair.exact + pair.near, 0))}
          </Fact>
          <Fact label="Unreadable">{formatCount(report.unreadable.length)}</Fact>
          {imbalance !== null && (
            <Fact label="Largest to smallest class">
              {imbalance.ratio === null ? 'one is empty' : `${formatNumber(imbalance.ratio)} : 1`}
            </Fact>
          )}
          {imbalance !== null && <Fact label="Evenness of classes">{formatNumber(imbalance.entropy)}</Fact>}
        </SimpleGrid>
      </Panel>
      {pictures && (
        <>
          <Groups
            dataset={dataset}
            title="Exact duplicates"
            flag="exact_duplicate"
            groups={report.exactDuplicates.examples}
            total={report.exactDuplicates.groups}
          />
          <Groups
            dataset={dataset}
            title={`Near duplicates (up to ${report.nearDuplicates.distance} of 64 bits apart)`}
            flag="near_duplicate"
            groups={report.nearDuplicates.examples}
            total={report.nearDuplicates.groups}
          />
          {report.leakage.map((pair) => (
            <Panel
              key={`${pair.a}-${pair.b}`}
              title={`The same image in ${pair.a} and ${pair.b}: ${formatCount(pair.exact)} exact, ${formatCount(pair.near)} near`}
              aside={<ToItems dataset={dataset} flag="leakage" />}
            >
              <Group gap="lg">
                {pair.examples.map(([a, b]) => (
                  <Group key={`${a}-${b}`} gap={4}>
                    <Thumb dataset={dataset} index={a} />
                    <Thumb dataset={dataset} index={b} />
                  </Group>
                ))}
              </Group>
            </Panel>
          ))}
          <Outliers
            dataset={dataset}
            title="Unusual brightness"
            flag="brightness_outlier"
            indices={report.brightnessOutliers}
          />
          <Outliers dataset={dataset} title="Unusual size" flag="size_outlier" indices={report.sizeOutliers} />
        </>
      )}
      {report.missing.some((entry) => entry.count > 0) && (
        <Panel title="Missing values" flush aside={<ToItems dataset={dataset} flag="missing_value" />}>
          <Table>
            <Table.Tbody>
              {report.missing
                .filter((entry) => entry.count > 0)
                .map((entry) => (
                  <Table.Tr key={entry.column}>
                    <Table.Td>{entry.column}</Table.Td>
                    <Table.Td ta="right">{formatPlural(entry.count, 'row')}</Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </Table>
        </Panel>
      )}
      {report.unreadable.length > 0 && (
        <Panel title={`Unreadable: ${formatPlural(report.unreadable.length, 'file')} left out`} flush>
          <Table>
            <Table.Tbody>
              {report.unreadable.slice(0, unreadableShown).map((file) => (
                <Table.Tr key={file.path}>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{file.path}</Table.Td>
                  <Table.Td c="dimmed">{file.reason}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Panel>
      )}
    </>
  );
}

interface FindingProps {
  readonly dataset: DatasetVersion;
  readonly finding: QualityReport['findings'][number];
}

function Finding({ dataset, finding }: FindingProps) {
  const { icon: Icon, color, name } = severities[finding.severity];
  return (
    <li className={classes.finding}>
      <ThemeIcon color={color} variant="light" size={26} aria-label={name} role="img">
        <Icon size={16} stroke={1.8} />
      </ThemeIcon>
      <Stack gap={0} style={{ flex: 1, minWidth: 0 }}>
        <Text fw={500}>{finding.title}</Text>
        <Text c="dimmed">{finding.detail}</Text>
      </Stack>
      {finding.flag !== null && <ToItems dataset={dataset} flag={finding.flag} />}
    </li>
  );
}

function ToItems({ dataset, flag }: { readonly dataset: DatasetVersion; readonly flag: QualityFlag }) {
  return (
    <Anchor
      component={Link}
      to={paths.dataset(dataset.digest, itemFilterToSearch({ flags: [flag] }))}
      style={{ flex: 'none' }}
    >
      Show items
    </Anchor>
  );
}

interface GroupsProps {
  readonly dataset: DatasetVersion;
  readonly title: string;
  readonly flag: QualityFlag;
  readonly groups: readonly (readonly number[])[];
  readonly total: number;
}

const perGroup = 6;

function Groups({ dataset, title, flag, groups, total }: GroupsProps) {
  if (total === 0) return null;
  return (
    <Panel title={`${title}: ${formatPlural(total, 'group')}`} aside={<ToItems dataset={dataset} flag={flag} />}>
      <div className={classes.groups}>
        {groups.map((group) => (
          <div key={group.join()} className={classes.group}>
            {group.slice(0, perGroup).map((index) => (
              <Thumb key={index} dataset={dataset} index={index} />
            ))}
            {group.length > perGroup && (
              <Text size="xs" c="dimmed" px={4}>
                +{formatCount(group.length - perGroup)}
              </Text>
            )}
          </div>
        ))}
      </div>
    </Panel>
  );
}

interface OutliersProps {
  readonly dataset: DatasetVersion;
  readonly title: string;
  readonly flag: QualityFlag;
  readonly indices: readonly number[];
}

function Outliers({ dataset, title, flag, indices }: OutliersProps) {
  if (indices.length === 0) return null;
  return (
    <Panel
      title={`${title}: ${formatPlural(indices.length, 'item')}`}
      aside={<ToItems dataset={dataset} flag={flag} />}
    >
      <div className={classes.groups}>
        {indices.slice(0, outliersShown).map((index) => (
          <Thumb key={index} dataset={dataset} index={index} />
        ))}
      </div>
    </Panel>
  );
}

function Thumb({ dataset, index }: { readonly dataset: DatasetVersion; readonly index: number }): ReactNode {
  return (
    <Link
      to={paths.dataset(dataset.digest, `item=${index}`)}
      className={classes.thumb}
      title={`Item ${formatCount(index)}`}
    >
      <ItemThumbnail datasetDigest={dataset.digest} index={index} />
    </Link>
  );
}
