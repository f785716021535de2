import { Button, Group, Modal, Radio, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { Alias, RegisteredModel } from '../../../main/contract/registry.ts';
import { useCommand } from '../../client/index.ts';
import { aliases, aliasWords } from '../../components/alias-badge.tsx';
import { ErrorState } from '../../components/states.tsx';

export interface PromotionDialogProps {
  readonly model: RegisteredModel;
  /** Null: closed. */
  readonly version: number | null;
  readonly close: () => void;
}

/** Asks that an alias be moved to a version. Somebody else decides. */
export function PromotionDialog({ model, version, close }: PromotionDialogProps) {
  const [alias, setAlias] = useState<Alias>('staging');
  const [comment, setComment] = useState('');
  const request = useCommand('registry.requestPromotion', { onSuccess: () => dismiss(), onError: () => true });
  const dismiss = () => {
    request.reset();
    setComment('');
    close();
  };
  const current = model.aliases[alias];
  return (
    <Modal opened={version !== null} onClose={dismiss} title={`Promote version ${version ?? ''} of ${model.name}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (version !== null) request.mutate({ modelName: model.name, version, alias, comment });
        }}
      >
        <Stack>
          <Radio.Group label="To" value={alias} onChange={(value) => setAlias(value as Alias)}>
            <Stack gap="sm" mt={6}>
              {aliases.map((entry) => (
                <Radio
                  key={entry}
                  value={entry}
                  label={entry}
                  disabled={model.aliases[entry] === version}
                  description={
                    model.aliases[entry] === version
                      ? 'It is there already.'
                      : `${aliasWords[entry]}. Now: ${model.aliases[entry] === undefined ? 'no version' : `version ${model.aliases[entry]}`}.`
                  }
                />
              ))}
            </Stack>
          </Radio.Group>
          <Textarea
            label="Why"
            description="Whoever decides reads this."
            autosize
            minRows={2}
            value={comment}
            onChange={(event) => setComment(event.currentTarget.value)}
          />
          <Text size="xs" c="dimmed">
            Nothing moves yet: another person with the approver role decides under Review and signs with their password.
          </Text>
          {request.error !== null && <ErrorState inline error={request.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={dismiss}>
              Cancel
            </Button>
            <Button type="submit" loading={request.isPending} disabled={current === version}>
              Ask for approval
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
