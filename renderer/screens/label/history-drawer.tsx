import { Drawer, Group, Stack, Text } from '@mantine/core';
import type { LabelSet, LabelSetVersion } from '../../../main/contract/labeling.ts';
import { useProcedure } from '../../client/index.ts';
import { formatCount, formatPlural } from '../../components/format.ts';
import { Digest, When } from '../../components/small.tsx';
import { Answered } from '../../components/states.tsx';
import { className } from '../../viewers/item-words.ts';

const changesShown = 4;

export interface HistoryDrawerProps {
  readonly labelSet: LabelSet;
  readonly opened: boolean;
  readonly close: () => void;
}

/** Every version of a label set, newest first, with what it changed. */
export function HistoryDrawer({ labelSet, opened, close }: HistoryDrawerProps) {
  const history = useProcedure('labels.history', { labelSetId: labelSet.id }, { enabled: opened });
  return (
    <Drawer opened={opened} onClose={close} position="right" title="History of versions" size={400}>
      <Answered query={history}>
        {(versions) => (
          <Stack gap="lg">
            {versions.map((version) => (
              <Version key={version.digest} version={version} classes={labelSet.classes} />
            ))}
          </Stack>
        )}
      </Answered>
    </Drawer>
  );
}

function Version({ version, classes }: { readonly version: LabelSetVersion; readonly classes: readonly string[] }) {
  const { changes } = version;
  return (
    <Stack gap={2}>
      <Group justify="space-between">
        <Text fw={600}>Version {version.number}</Text>
        <Digest value={version.digest} label="Label set version" />
      </Group>
      <Text size="xs" c="dimmed">
        {version.createdBy} · <When time={version.createdAt} /> · {formatPlural(changes.length, 'change')}
      </Text>
      {version.comment !== '' && <Text>{version.comment}</Text>}
      {changes.slice(0, changesShown).map((change) => (
        <Text key={change.index} c="dimmed">
          Item {formatCount(change.index)}: {className(classes, change.from)} → {className(classes, change.to)}
        </Text>
      ))}
      {changes.length > changesShown && <Text c="dimmed">and {formatCount(changes.length - changesShown)} more</Text>}
    </Stack>
  );
}
