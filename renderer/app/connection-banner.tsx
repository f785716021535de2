import { Group, Loader, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useConnection } from '../client/index.ts';

/** A reload of the engine takes a moment; nobody needs to hear of less. */
const patienceMs = 800;

export function ConnectionBanner() {
  const state = useConnection((connection) => connection.state);
  const lost = state === 'lost' || state === 'refused';
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!lost) return setShown(false);
    const timer = setTimeout(() => setShown(true), patienceMs);
    return () => clearTimeout(timer);
  }, [lost]);
  if (!shown) return null;
  return (
    <Group
      role="alert"
      gap="sm"
      px="lg"
      py={6}
      style={{ background: 'var(--lb-warn-soft)', borderBottom: '1px solid var(--lb-border)' }}
    >
      {state === 'lost' && <Loader size={12} color="yellow" />}
      <Text fw={500}>{state === 'refused' ? 'Lightbench was started again.' : 'Connection lost.'}</Text>
      <Text c="dimmed">
        {state === 'refused'
          ? 'This window is no longer let in: open the address that the new start printed.'
          : 'What you see may be out of date. Reconnecting; jobs go on meanwhile.'}
      </Text>
    </Group>
  );
}
