import { Button, CopyButton, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { CodeBlock } from '../../components/code-block.tsx';
import { Panel } from '../../components/panel.tsx';
import classes from './deploy.module.css';
import type { EndpointTabProps } from './endpoint-tab.ts';

/** Lines for a shell, to copy. */
export function CurlLines({ deployment }: EndpointTabProps) {
  return (
    <Panel title="curl">
      {deployment.curl.length === 0 ? (
        <Text c="dimmed">The endpoint has no address while it is stopped. Start it to see how to talk to it.</Text>
      ) : (
        <Stack gap="lg">
          <Text c="dimmed" maw={760}>
            The server speaks the Open Inference Protocol (V2, REST), so every client of KServe or Triton can talk to
            it.
          </Text>
          {deployment.curl.map(({ title, line }) => (
            <div key={title}>
              <div className={classes.curlTitle}>
                <Text fw={500}>{title}</Text>
                <CopyButton value={line}>
                  {({ copied, copy }) => (
                    <Button
                      variant="subtle"
                      aria-label={`Copy: ${title}`}
                      leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
                      onClick={copy}
                    >
                      {copied ? 'Copied' : 'Copy'}
                    </Button>
                  )}
                </CopyButton>
              </div>
              <CodeBlock label={title} text={line} />
            </div>
          ))}
        </Stack>
      )}
    </Panel>
  );
}
