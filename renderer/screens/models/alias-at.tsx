import { Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Alias } from '../../../main/contract/registry.ts';
import { useProcedure } from '../../client/index.ts';
import { aliases } from '../../components/alias-badge.tsx';
import { formatTime } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { ErrorState } from '../../components/states.tsx';
import { TextLink } from '../../components/text-link.tsx';
import { fromLocalInput, toLocalInput } from './local-time.ts';

/** What was in production at a moment: the question an inspector asks. */
export function AliasAt({ modelName }: { readonly modelName: string }) {
  const [alias, setAlias] = useState<Alias>('production');
  const [written, setWritten] = useState(() => toLocalInput(new Date()));
  const at = fromLocalInput(written);
  const answer = useProcedure(
    'registry.aliasAt',
    { modelName, alias, at: at ?? '' },
    { enabled: at !== null, keepPrevious: true },
  );
  return (
    <Panel title={`What was in ${alias} at …`}>
      <Stack gap="md">
        <Group gap="sm" grow>
          <Select
            label="Alias"
            allowDeselect={false}
            data={[...aliases]}
            value={alias}
            onChange={(value) => setAlias(value as Alias)}
          />
          <TextInput
            type="datetime-local"
            label="Moment, local time"
            step={1}
            value={written}
            onChange={(event) => setWritten(event.currentTarget.value)}
            error={at === null ? 'Write a date and a time.' : undefined}
          />
        </Group>
        {answer.error !== null ? (
          <ErrorState inline error={answer.error} />
        ) : (
          answer.data !== undefined && (
            <div role="status">
              {answer.data.version === null ? (
                <Text fw={600}>No version was in {alias} then.</Text>
              ) : (
                <Text fz={18} fw={600}>
                  <TextLink to={paths.modelVersion(modelName, answer.data.version)}>
                    Version {answer.data.version}
                  </TextLink>
                </Text>
              )}
              {answer.data.since !== null && (
                <Text size="xs" c="dimmed">
                  since {formatTime(answer.data.since)}
                </Text>
              )}
            </div>
          )
        )}
      </Stack>
    </Panel>
  );
}
