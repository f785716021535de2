import { Alert, Button, Checkbox, Group, Modal, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Template } from '../../../main/contract/training.ts';
import { useProcedure } from '../../client/index.ts';
import { withValue } from '../../components/editor/index.tsx';
import { Answered, Loading } from '../../components/states.tsx';
import { type Combination, candidatesOf, headlineOf, membersOf } from './combine-choice.ts';

export interface CombineDialogProps {
  readonly opened: boolean;
  readonly close: () => void;
  readonly datasetDigest: string;
  /** Of the ensembles that the dataset allows, one per task. */
  readonly templates: readonly Template[];
  readonly onUse: (yaml: string) => void;
}

/** Choose finished runs of one dataset and task, and how they answer together. */
export function CombineDialog({ opened, close, datasetDigest, templates, onUse }: CombineDialogProps) {
  const runs = useProcedure('runs.list', { datasetDigest }, { enabled: opened });
  return (
    <Modal opened={opened} onClose={close} title="Combine trained models" size={620}>
      {templates.length === 0 ? (
        <Alert color="gray">
          An ensemble needs two finished runs of this dataset and of one task, whose answers can be averaged. Train some
          models first, with other kinds or other seeds.
        </Alert>
      ) : (
        <Answered query={runs} loading={<Loading lines={4} />}>
          {(list) => (
            <Decisions
              runs={list}
              templates={templates}
              onUse={(yaml) => {
                onUse(yaml);
                close();
              }}
            />
          )}
        </Answered>
      )}
    </Modal>
  );
}

function Decisions({
  runs,
  templates,
  onUse,
}: {
  readonly runs: Parameters<typeof candidatesOf>[0];
  readonly templates: readonly Template[];
  readonly onUse: (yaml: string) => void;
}) {
  const [id, setId] = useState(templates[0].id);
  const template = templates.find((entry) => entry.id === id) ?? templates[0];
  const [chosen, setChosen] = useState<Readonly<Record<string, readonly string[]>>>({});
  const [combine, setCombine] = useState<Combination>('average');
  const members = chosen[template.id] ?? membersOf(template.yaml);
  const stackable = template.task !== 'series-forecasting' && template.task !== 'image-segmentation';
  const how = stackable ? combine : 'average';
  return (
    <Stack gap="md">
      {templates.length > 1 && (
        <SegmentedControl
          aria-label="Task"
          value={template.id}
          onChange={setId}
          data={templates.map(({ id: value, task }) => ({ value, label: task }))}
        />
      )}
      <Checkbox.Group
        label="Members"
        description="Finished runs of this dataset; the best by validation are chosen. Validation is what counts here: test is for judging the ensemble."
        value={[...members]}
        onChange={(value) => setChosen({ ...chosen, [template.id]: value })}
      >
        <Stack gap={8} mt="sm" mah={280} style={{ overflowY: 'auto' }}>
          {candidatesOf(runs, template.task).map((run) => (
            <Checkbox
              key={run.id}
              value={run.id}
              label={run.name}
              description={`${run.params['model.kind'] ?? ''} · ${headlineOf(run)}`}
            />
          ))}
        </Stack>
      </Checkbox.Group>
      <Stack gap={4}>
        <SegmentedControl
          aria-label="How they answer together"
          value={how}
          disabled={!stackable}
          onChange={(value) => setCombine(value === 'stacking' ? 'stacking' : 'average')}
          data={[
            { value: 'average', label: 'Average' },
            { value: 'stacking', label: 'Stacking' },
          ]}
        />
        <Text size="xs" c="dimmed">
          {how === 'average'
            ? 'The mean of what they say. Nothing learns: the run only evaluates. Weights of their own can be written as weights.'
            : 'A linear layer over what they say learns from the validation split, which no member learned from.'}
        </Text>
      </Stack>
      <Group justify="space-between">
        <Text c="dimmed" size="sm">
          The workspace keeps their weights as long as the ensemble.
        </Text>
        <Button
          disabled={members.length < 2}
          onClick={() =>
            onUse(withValue(withValue(template.yaml, ['model', 'members'], [...members]), ['model', 'combine'], how))
          }
        >
          Put into the config
        </Button>
      </Group>
    </Stack>
  );
}
