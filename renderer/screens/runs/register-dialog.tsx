import { Autocomplete, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { Run } from '../../../main/contract/training.ts';
import { formatMetric, metricTitle } from '../../charts/metric-groups.ts';
import { useCommand, useProcedure } from '../../client/index.ts';
import { paths } from '../../components/paths.ts';
import { ErrorState } from '../../components/states.tsx';

const shownMetrics = 4;

/** Makes the best checkpoint of a run a version of a registered model. */
export function RegisterDialog(props: { readonly run: Run; readonly opened: boolean; readonly close: () => void }) {
  const { run, opened, close } = props;
  const navigate = useNavigate();
  const models = useProcedure('registry.list', {}, { enabled: opened });
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const register = useCommand('registry.register', {
    onSuccess: ({ modelName, version }) => void navigate(paths.modelVersion(modelName, version)),
    onError: () => true,
  });
  const existing = models.data?.find((model) => model.name === name.trim());
  const metrics = Object.entries(run.metrics)
    .filter(([key]) => key.startsWith('test') || key.startsWith('best'))
    .slice(0, shownMetrics);
  return (
    <Modal opened={opened} onClose={close} title="Register as a model version">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          register.mutate({ runId: run.id, modelName: name.trim(), description });
        }}
      >
        <Stack>
          <Text c="dimmed">
            The best checkpoint of {run.name} becomes an immutable version with its signature, metrics and lineage.
          </Text>
          <Autocomplete
            data-autofocus
            required
            label="Model"
            description={
              existing === undefined
                ? 'A new name starts a new model.'
                : `This becomes version ${Math.max(0, ...existing.versions.map(({ version }) => version)) + 1}.`
            }
            placeholder="digit-reader"
            data={models.data?.map((model) => model.name) ?? []}
            value={name}
            onChange={setName}
          />
          <Textarea
            label="What is new in it"
            autosize
            minRows={2}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          {metrics.length > 0 && (
            <Text size="xs" c="dimmed">
              {metrics.map(([key, value]) => `${metricTitle(key)} ${formatMetric(key, value)}`).join(' · ')}
            </Text>
          )}
          {register.error !== null && <ErrorState inline error={register.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={register.isPending} disabled={name.trim() === ''}>
              Register
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
