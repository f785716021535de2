import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { Alias, AliasChange } from '../../../main/contract/registry.ts';
import { useCommand } from '../../client/index.ts';
import { ErrorState } from '../../components/states.tsx';

export interface RollbackDialogProps {
  readonly modelName: string;
  /** Null: closed. */
  readonly alias: Alias | null;
  readonly changes: readonly AliasChange[];
  readonly close: () => void;
}

/** One step back for an alias; needs no approval, because it goes to what was approved before. */
export function RollbackDialog({ modelName, alias, changes, close }: RollbackDialogProps) {
  const [comment, setComment] = useState('');
  const rollback = useCommand('registry.rollback', { onSuccess: () => dismiss(), onError: () => true });
  const dismiss = () => {
    rollback.reset();
    setComment('');
    close();
  };
  const newest = changes.find((change) => change.alias === alias);
  return (
    <Modal opened={alias !== null} onClose={dismiss} title={`Roll ${alias ?? ''} back`}>
      <Stack>
        <Text>
          {alias} of {modelName} goes from version {newest?.version} back to version {newest?.from}. This takes effect
          at once and is written to the ledger.
        </Text>
        <Textarea
          data-autofocus
          label="Why"
          autosize
          minRows={2}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        {rollback.error !== null && <ErrorState inline error={rollback.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={dismiss}>
            Cancel
          </Button>
          <Button
            color="red"
            loading={rollback.isPending}
            onClick={() => alias !== null && rollback.mutate({ modelName, alias, comment })}
          >
            Roll back to version {newest?.from}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
