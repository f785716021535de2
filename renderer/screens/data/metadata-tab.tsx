import { Button, CopyButton, Group, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { LightbenchError } from '../../client/index.ts';
import { useCommand, useProcedure } from '../../client/index.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { Answered, ErrorState } from '../../components/states.tsx';
import { TabContent } from './tab-content.tsx';

/** The metadata as YAML: name, licence and description can be changed, the rest is what the digest covers. */
export function MetadataTab({ dataset }: { readonly dataset: DatasetVersion }) {
  const metadata = useProcedure('datasets.metadata', { digest: dataset.digest });
  return (
    <TabContent>
      <Answered query={metadata}>{({ yaml }) => <Editor key={yaml} digest={dataset.digest} yaml={yaml} />}</Answered>
    </TabContent>
  );
}

function Editor({ digest, yaml }: { readonly digest: string; readonly yaml: string }) {
  const [text, setText] = useState(yaml);
  const [error, setError] = useState<LightbenchError | null>(null);
  const describe = useCommand('datasets.describe', {
    onSuccess: () => setError(null),
    onError: (failure) => {
      setError(failure);
      return true;
    },
  });
  const save = () => describe.mutate({ digest, yaml: text });
  useScreenActions('Metadata', [
    { id: 'save', label: 'Save metadata', shortcut: 'mod+s', disabled: text === yaml, run: save },
  ]);
  return (
    <Stack gap="sm">
      <Text c="dimmed">
        Name, licence and description can be changed here. Everything else is part of the digest and cannot.
      </Text>
      <Textarea
        aria-label="Metadata as YAML"
        autosize
        minRows={16}
        maxRows={32}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        styles={{ input: { fontFamily: 'var(--lb-mono)', fontSize: 12, lineHeight: 1.6 } }}
      />
      {error !== null && <ErrorState inline error={error} />}
      <Group gap="sm">
        <Button onClick={save} disabled={text === yaml} loading={describe.isPending}>
          Save
        </Button>
        <Button variant="default" disabled={text === yaml} onClick={() => setText(yaml)}>
          Undo changes
        </Button>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Stack>
  );
}
