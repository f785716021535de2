import { ActionIcon, Group, Tooltip } from '@mantine/core';
import { IconArrowsShuffle } from '@tabler/icons-react';
import { NumberField } from '../../components/number-field.tsx';

const largestSeed = 999_999;

interface SeedInputProps {
  readonly seed: number;
  readonly onSeed: (seed: number) => void;
}

/** What chance follows from. */
export function SeedInput({ seed, onSeed }: SeedInputProps) {
  return (
    <Group gap={4} align="flex-end" wrap="nowrap">
      <NumberField label="Seed" w={100} min={0} max={largestSeed} allowDecimal={false} value={seed} onValue={onSeed} />
      <Tooltip label="Another seed">
        <ActionIcon
          variant="default"
          size={30}
          aria-label="Choose another seed"
          onClick={() => onSeed(Math.floor(Math.random() * largestSeed))}
        >
          <IconArrowsShuffle size={15} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
