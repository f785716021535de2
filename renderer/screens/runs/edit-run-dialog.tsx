import { Button, Group, Modal, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Run } from '../../../main/contract/training.ts';
import { useCommand } from '../../client/index.ts';
import { ErrorState } from '../../components/states.tsx';
import { readTags, writeTags } from './run-tags.ts';

/** Changes how a run is described. What it computed stays as it is. */
export function EditRunDialog({ run, close }: { readonly run: Run; readonly close: () => void }) {
  const [name, setName] = useState(run.name);
  const [note, setNote] = useState(run.note);
  const [tagTexts, setTagTexts] = useState(() => writeTags(run.tags));
  const update = useCommand('runs.update', { onSuccess: close, onError: () => true });
  const { tags, problem } = readTags(tagTexts);
  return (
    <Modal opened onClose={close} title="Edit run">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (tags !== null) update.mutate({ runId: run.id, name: name.trim(), note, tags });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            required
            data-autofocus
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label="Note"
            placeholder="What was tried, and what came of it"
            autosize
            minRows={3}
            maxRows={12}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <TagsInput
            label="Tags"
            description="Each becomes a column of the runs table."
            placeholder={tagTexts.length === 0 ? 'Type key=value and press Enter' : ''}
            // A value may hold a comma.
            splitChars={[]}
            value={tagTexts}
            onChange={setTagTexts}
            error={problem}
          />
          {update.error !== null && <ErrorState inline error={update.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={update.isPending} disabled={name.trim() === '' || problem !== null}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
