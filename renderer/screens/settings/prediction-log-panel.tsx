import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useCommand } from '../../client/index.ts';
import { formatCount } from '../../components/format.ts';
import { NumberField } from '../../components/number-field.tsx';
import { Panel } from '../../components/panel.tsx';

const fewest = 1000;
const most = 10_000_000;

/** How much the logs of the endpoints keep. */
export function PredictionLogPanel({ limit }: { readonly limit: number }) {
  const [wanted, setWanted] = useState(limit);
  const change = useCommand('workspace.change');
  return (
    <Panel title="Prediction logs">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ predictionLogLimit: wanted });
        }}
      >
        <Stack gap="md">
          <Group gap="sm" align="flex-end">
            <NumberField
              label="Requests kept per endpoint"
              w={200}
              min={fewest}
              max={most}
              step={10_000}
              allowDecimal={false}
              thousandSeparator=","
              value={wanted}
              onValue={setWanted}
            />
            <Button
              type="submit"
              variant="default"
              loading={change.isPending}
              disabled={wanted === limit || wanted < fewest || wanted > most}
            >
              Save
            </Button>
          </Group>
          <Text c="dimmed" maw={640}>
            From {formatCount(fewest)} to {formatCount(most)}. The oldest requests beyond that are removed for good. How
            many there were, and how many failed, is still counted. Only an administrator changes this, and the ledger
            says who did.
          </Text>
        </Stack>
      </form>
    </Panel>
  );
}
