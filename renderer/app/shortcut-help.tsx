import { Group, Modal, SimpleGrid, Stack, Text } from '@mantine/core';
import { useScreenActionStore } from '../components/screen-actions.ts';
import { Keys } from '../components/small.tsx';
import { areas, home } from './areas.ts';

interface Line {
  readonly label: string;
  readonly keys: readonly string[];
}

const everywhere: readonly Line[] = [
  { label: 'Search and commands', keys: ['mod+k'] },
  { label: 'These shortcuts', keys: ['?'] },
  { label: 'Close what is open', keys: ['escape'] },
];

/** Every shortcut that works now: those of the screen on view first. */
export function ShortcutHelp({ opened, close }: { readonly opened: boolean; readonly close: () => void }) {
  const groups = useScreenActionStore((state) => state.groups);
  const sections = new Map<string, Line[]>();
  for (const { group, actions } of groups)
    for (const { label, shortcut } of actions)
      if (shortcut !== undefined) sections.set(group, [...(sections.get(group) ?? []), { label, keys: [shortcut] }]);
  const goTo = [home, ...areas].map((area) => ({ label: area.label, keys: ['g', area.key] }));
  return (
    <Modal opened={opened} onClose={close} title="Keyboard shortcuts" size="lg">
      <SimpleGrid cols={2} spacing="xl" verticalSpacing="lg">
        {[...sections].map(([title, lines]) => (
          <Section key={title} title={title} lines={lines} />
        ))}
        <Section title="Everywhere" lines={everywhere} />
        <Section title="Go to" lines={goTo} />
      </SimpleGrid>
    </Modal>
  );
}

function Section({ title, lines }: { readonly title: string; readonly lines: readonly Line[] }) {
  return (
    <Stack gap={4}>
      <Text fw={600} mb={4}>
        {title}
      </Text>
      {lines.map((line) => (
        <Group key={line.label} justify="space-between" wrap="nowrap">
          <Text c="dimmed">{line.label}</Text>
          <Group gap={4} wrap="nowrap">
            {line.keys.map((key) => (
              <Keys key={key} shortcut={key} />
            ))}
          </Group>
        </Group>
      ))}
    </Stack>
  );
}
