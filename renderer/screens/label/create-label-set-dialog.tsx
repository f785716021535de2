import { Button, Group, Input, Modal, SegmentedControl, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { LightbenchError } from '../../client/index.ts';
import { useCommand } from '../../client/index.ts';
import { ErrorState } from '../../components/states.tsx';

export interface CreateLabelSetDialogProps {
  readonly datasets: readonly DatasetVersion[];
  readonly datasetDigest: string | undefined;
  readonly close: () => void;
  readonly onCreated: (labelSetId: string) => void;
}

export function CreateLabelSetDialog({ datasets, datasetDigest, close, onCreated }: CreateLabelSetDialogProps) {
  const [digest, setDigest] = useState<string | null>(datasetDigest ?? datasets[0]?.digest ?? null);
  const dataset = datasets.find((version) => version.digest === digest);
  const [name, setName] = useState('');
  const [startFrom, setStartFrom] = useState<'imported' | 'empty'>('imported');
  /** Null: the classes of the dataset. */
  const [classes, setClasses] = useState<readonly string[] | null>(null);
  const [error, setError] = useState<LightbenchError | null>(null);
  const create = useCommand('labels.create', {
    onSuccess: (set) => onCreated(set.id),
    onError: (failure) => {
      setError(failure);
      return true;
    },
  });
  const shownClasses = classes ?? dataset?.classes ?? [];
  return (
    <Modal opened onClose={close} title="New label set">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (digest === null) return;
          setError(null);
          create.mutate({
            datasetDigest: digest,
            name,
            startFrom,
            ...(classes === null ? {} : { classes: [...classes] }),
          });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            placeholder="First pass"
            required
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label="Dataset version"
            data={datasets.map((version) => ({ value: version.digest, label: `${version.name} v${version.version}` }))}
            value={digest}
            allowDeselect={false}
            onChange={(value) => {
              setDigest(value);
              setClasses(null);
            }}
          />
          <Input.Wrapper label="Begin with">
            <div>
              <SegmentedControl
                value={startFrom}
                onChange={(value) => setStartFrom(value as 'imported' | 'empty')}
                data={[
                  { value: 'imported', label: 'The imported labels' },
                  { value: 'empty', label: 'No labels' },
                ]}
              />
            </div>
          </Input.Wrapper>
          <TagsInput
            label="Classes"
            description="In the order of their keys: 0 to 9, then letters. More can be added later."
            placeholder={shownClasses.length === 0 ? 'Type a class and press Enter' : ''}
            value={[...shownClasses]}
            onChange={setClasses}
          />
          {error !== null && <ErrorState inline error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={create.isPending}
              disabled={name.trim() === '' || digest === null || shownClasses.length === 0}
            >
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
