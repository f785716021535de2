import { Stack } from '@mantine/core';
import type { ReactNode } from 'react';

/** The scrolling content of a tab that is not a grid or table. */
export function TabContent({ children }: { readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
    <div style={{ flex: 1, minHeight: 0, overflow: 'auto', padding: 20 }} tabIndex={0}>
      <Stack gap="lg" maw={1200}>
        {children}
      </Stack>
    </div>
  );
}
