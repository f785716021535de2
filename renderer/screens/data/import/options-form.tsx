import {
  Group,
  Input,
  NumberInput,
  SegmentedControl,
  Select,
  SimpleGrid,
  Stack,
  Textarea,
  TextInput,
} from '@mantine/core';
import type { ImportOptions, Inspection } from '../../../../main/contract/datasets.ts';

export interface OptionsFormProps {
  readonly inspection: Inspection;
  readonly options: ImportOptions;
  readonly onChange: (options: ImportOptions) => void;
}

/** How to import: name, target, splits, and what goes into the metadata. */
export function OptionsForm({ inspection, options, onChange }: OptionsFormProps) {
  const set = (changes: Partial<ImportOptions>) => onChange({ ...options, ...changes });
  const setSplits = (changes: Partial<ImportOptions['splits']>) => set({ splits: { ...options.splits, ...changes } });
  const { splits } = options;
  const given = splits.mode === 'given';
  return (
    <Stack gap="md">
      <SimpleGrid cols={2} spacing="md">
        <TextInput
          label="Name"
          description="An import under a known name becomes its next version"
          required
          value={options.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        {inspection.kind === 'table' ? (
          <Select
            label="Label column"
            description="What a model learns to predict"
            data={inspection.schema.map((column) => column.name)}
            value={options.target ?? null}
            clearable
            allowDeselect={false}
            onChange={(target) => {
              const { target: _before, ...rest } = options;
              onChange(target === null ? rest : { ...rest, target });
            }}
          />
        ) : (
          <NumberInput
            label="Near duplicates"
            description="Bits in which two perceptual hashes may differ"
            min={0}
            max={16}
            value={options.nearDuplicateDistance}
            onChange={(value) => set({ nearDuplicateDistance: Number(value) || 0 })}
          />
        )}
      </SimpleGrid>
      <Group align="flex-start" gap="md" wrap="nowrap">
        <Input.Wrapper label="Splits" style={{ flex: 'none' }}>
          <div>
            <SegmentedControl
              value={splits.mode}
              onChange={(mode) => setSplits({ mode: mode as ImportOptions['splits']['mode'] })}
              data={[
                { value: 'given', label: 'As in the source' },
                { value: 'stratified', label: 'Draw' },
              ]}
            />
          </div>
        </Input.Wrapper>
        <Fraction
          label={given ? 'Validation, from train' : 'Validation'}
          value={splits.validation}
          onChange={(validation) => setSplits({ validation })}
        />
        <Fraction label="Test" value={splits.test} disabled={given} onChange={(test) => setSplits({ test })} />
        <NumberInput
          label="Seed"
          min={0}
          value={splits.seed}
          onChange={(value) => setSplits({ seed: Math.max(0, Math.floor(Number(value) || 0)) })}
        />
      </Group>
      {inspection.kind === 'table' && (
        <Select
          label="Keep together"
          description="Where splits are drawn, rows with the same value stay in one: a model is not tested on what it has read"
          placeholder="Each row by itself"
          data={inspection.schema.map((column) => column.name)}
          value={splits.groupBy ?? null}
          clearable
          allowDeselect={false}
          onChange={(groupBy) => {
            const { groupBy: _before, ...rest } = splits;
            set({ splits: groupBy === null ? rest : { ...rest, groupBy } });
          }}
        />
      )}
      <SimpleGrid cols={2} spacing="md">
        <TextInput
          label="Licence"
          placeholder="SPDX identifier, or as the source says"
          value={options.licence}
          onChange={(event) => set({ licence: event.currentTarget.value })}
        />
        <Textarea
          label="Description"
          autosize
          minRows={1}
          maxRows={4}
          value={options.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
        />
      </SimpleGrid>
    </Stack>
  );
}

interface FractionProps {
  readonly label: string;
  readonly value: number;
  readonly disabled?: boolean;
  readonly onChange: (fraction: number) => void;
}

const largestPercent = 90;

/** A share of the rows, in percent on screen and as a fraction in the options. */
function Fraction({ label, value, disabled = false, onChange }: FractionProps) {
  return (
    <NumberInput
      label={label}
      suffix=" %"
      min={0}
      max={largestPercent}
      disabled={disabled}
      value={Math.round(value * 1000) / 10}
      onChange={(percent) => onChange(Math.min(largestPercent, Math.max(0, Number(percent) || 0)) / 100)}
    />
  );
}
