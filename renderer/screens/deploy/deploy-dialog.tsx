import { Autocomplete, Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { Bundle, Deployment } from '../../../main/contract/serving.ts';
import { useCommand } from '../../client/index.ts';
import { paths } from '../../components/paths.ts';
import { ErrorState } from '../../components/states.tsx';

export interface DeployDialogProps {
  /** Null: closed. */
  readonly bundle: Bundle | null;
  readonly deployments: readonly Deployment[];
  readonly close: () => void;
}

/** Puts a bundle behind an endpoint, a new one or one that already serves. */
export function DeployDialog({ bundle, deployments, close }: DeployDialogProps) {
  const navigate = useNavigate();
  const [written, setWritten] = useState<string | null>(null);
  const [port, setPort] = useState<number | null>(null);
  const deploy = useCommand('deployments.deploy', {
    onSuccess: (_job, { endpoint }) => void navigate(paths.endpoint(endpoint)),
    onError: () => true,
  });
  const endpoint = written ?? bundle?.modelName ?? '';
  const existing = deployments.find((deployment) => deployment.endpoint === endpoint.trim());
  const dismiss = () => {
    deploy.reset();
    setWritten(null);
    setPort(null);
    close();
  };
  return (
    <Modal
      opened={bundle !== null}
      onClose={dismiss}
      title={`Deploy ${bundle?.modelName ?? ''} version ${bundle?.version ?? ''}`}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (bundle !== null)
            deploy.mutate({
              endpoint: endpoint.trim(),
              bundleDigest: bundle.digest,
              ...(port === null || existing !== undefined ? {} : { port }),
            });
        }}
      >
        <Stack>
          <Autocomplete
            data-autofocus
            required
            label="Endpoint"
            description={
              existing === undefined
                ? 'A model server of its own starts on this machine.'
                : `It serves version ${existing.version} of ${existing.modelName} and moves to this one without dropping a request.`
            }
            data={deployments.map((deployment) => deployment.endpoint)}
            value={endpoint}
            onChange={setWritten}
          />
          {existing === undefined && (
            <NumberInput
              label="Port"
              placeholder="chosen for you"
              min={1024}
              max={65535}
              allowDecimal={false}
              hideControls
              value={port ?? ''}
              onChange={(value) => setPort(typeof value === 'number' ? value : null)}
            />
          )}
          <Text size="xs" c="dimmed">
            It listens on this machine only.
          </Text>
          {deploy.error !== null && <ErrorState inline error={deploy.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={dismiss}>
              Cancel
            </Button>
            <Button type="submit" loading={deploy.isPending} disabled={endpoint.trim() === ''}>
              Deploy
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
